import type { ServiceProcesses, SignalName } from '#shared/contract/processes.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { bytes, counted, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse processes [SERVICE]`: what services consist of now; without a name those that have processes. */
export async function processes(context: CommandContext, service: string | undefined): Promise<number> {
  await using reached = await context.reach('any')
  const { calls } = reached.connection
  const ids = service === undefined ? Object.keys((await firstState(reached.connection)).services) : [service]
  const all: ServiceProcesses[] = []
  for (const id of ids) all.push(await calls.services.processes({ service: id }))
  const shown = service === undefined ? all.filter((each) => each.sentence === null) : all
  show(context, { services: shown }, processesText(shown))
  return exitCodes.done
}

/** `wheelhouse signal SERVICE SIGNAL`. */
export async function signalService(context: CommandContext, service: string, signal: SignalName): Promise<number> {
  await using reached = await context.reach('host')
  const result = await reached.connection.calls.services.signal({ service, signal })
  show(context, result, result.sentence)
  return exitCodes.done
}

export function processesText(services: readonly ServiceProcesses[]): string {
  if (services.length === 0) return 'No service runs as a process of its own now.'
  return services.map(serviceText).join('\n\n')
}

function serviceText(each: ServiceProcesses): string {
  if (each.sentence !== null) return `${each.service}: ${each.sentence}`
  const rows = each.processes.map(({ pid, depth, name, cpu, memory, ageMs, openFiles, strayed }) => [
    String(pid),
    `${'  '.repeat(depth)}${name}${strayed ? ' (left the tree)' : ''}`,
    cpu === null ? '–' : `${cpu} %`,
    bytes(memory),
    ageWords(ageMs),
    openFiles === null ? '–' : String(openFiles),
  ])
  const ports = each.ports.map(({ protocol, address, port, name, beyondLoopback }) => {
    const notes = [name === null ? 'NOT IN site.yaml' : name, ...(beyondLoopback ? ['OPEN TO OTHER MACHINES'] : [])]
    return `  ${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}  ${notes.join(', ')}`
  })
  const silent = each.silent.map(({ name, port }) => `  port ${port} (${name}) of site.yaml: nobody listens`)
  const limits = each.limits.map(({ what, most, now, over }) => {
    // As site.yaml counts, so that a limit reads as it was written there.
    const words = (value: number) =>
      what === 'memory' ? `${Math.round(value / 1024 ** 2)} MB` : `${value}${what === 'cpu' ? ' %' : ''}`
    return `  ${what}: ${now === null ? '–' : words(now)} of at most ${words(most)}${over ? '  OVER' : ''}`
  })
  return [
    `${each.service}: ${counted(each.processes.length + each.notShown, 'process', 'processes')}`,
    table(['PID', 'NAME', 'CPU', 'MEMORY', 'AGE', 'FILES'], rows, ['CPU', 'MEMORY', 'AGE', 'FILES']),
    ...(ports.length + silent.length > 0 ? ['listens on', ...ports, ...silent] : []),
    ...(limits.length > 0 ? ['limits', ...limits] : []),
    ...(each.complete ? [] : ['Not all could be seen: files of other users, or too many of them.']),
  ].join('\n')
}

function ageWords(ms: number): string {
  const s = Math.floor(ms / 1_000)
  if (s < 60) return `${s} s`
  if (s < 3_600) return `${Math.floor(s / 60)} min`
  return s < 86_400 ? `${Math.floor(s / 3_600)} h` : `${Math.floor(s / 86_400)} d`
}
