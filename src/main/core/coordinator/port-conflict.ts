import type { ServiceDefinition } from '#core/config/index.ts'
import type { PortHolder } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'

const everyAddress: ReadonlySet<string> = new Set(['0.0.0.0', '::'])
const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '::1'])

/**
 * The error for the first port of a service that somebody else listens on, or undefined. A listener on an address of its own
 * (such as a resolver on 127.0.0.53) is in nobody's way.
 */
export function portConflict(
  service: Pick<ServiceDefinition, 'title' | 'bind'>,
  ports: Readonly<Record<string, number>>,
  holdersOf: (port: number) => readonly PortHolder[],
): ConsoleError | undefined {
  for (const [name, port] of Object.entries(ports)) {
    const holder = holdersOf(port).find(({ address }) => inTheWay(address, service.bind))
    if (holder) return portInUse(service.title, name, port, holder)
  }
  return undefined
}

function inTheWay(address: string, bind: string): boolean {
  return everyAddress.has(address) || everyAddress.has(bind) || loopback.has(address) || address === bind
}

function portInUse(title: string, name: string, port: number, { pid, command, address }: PortHolder): ConsoleError {
  const who = pid === null ? 'a program of another user' : `process ${pid} (${command ?? 'unknown command'})`
  const stop = pid === null ? 'Stop that program' : `Stop that program (kill ${pid})`
  return new ConsoleError(
    'port-in-use',
    `port ${port}, which ${title} uses as \`${name}\`, is held by ${who}`,
    `${stop}, or give ${title} another port in site.yaml.`,
    { params: { port, name, pid, command, address }, retryable: true },
  )
}
