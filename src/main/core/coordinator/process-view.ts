import { resolvePorts } from '#core/config/index.ts'
import type { Processes, ProcessTree, SignalReaction } from '#core/platform/index.ts'
import { type ServiceProcesses, type SignalName, signalNameSchema } from '#shared/contract/processes.ts'
import type { SiteNow } from './current-site.ts'
import type { Supervisor } from './supervisor.ts'

export interface ProcessLook {
  readonly site: SiteNow
  readonly processes: Processes
  readonly limits: ServiceProcesses['limits']
  /** Wall-clock milliseconds. */
  readonly now: number
}

/** The processes of a service as they are now, with what stands out about them. */
export function processesOf(supervisor: Supervisor, { site, processes, limits, now }: ProcessLook): ServiceProcesses {
  const { service, child } = supervisor
  const identity = child?.identity ?? null
  const tree = identity && processes.inspect(identity, child?.run ?? null)
  const declared = Object.entries(resolvePorts(service, site.variables)).map(([name, port]) => ({ name, port }))
  const common = { service: service.id, at: now, limits }
  if (!identity || !tree) {
    const sentence = absence(supervisor)
    const nothing = { startedAt: null, processes: [], notShown: 0, ports: [], silent: [], openFiles: null, signals: [] }
    return { ...common, ...nothing, sentence, complete: true }
  }
  const ports = tree.sockets.map(({ protocol, address, port, pid }) => ({
    protocol,
    address,
    port,
    pid,
    name: declared.find((each) => each.port === port)?.name ?? null,
    beyondLoopback: !isLoopback(address),
  }))
  return {
    ...common,
    sentence: null,
    startedAt: child?.startedAt ?? null,
    processes: inTreeOrder(tree.processes),
    notShown: tree.notShown,
    ports,
    silent: tree.complete ? declared.filter(({ port }) => !ports.some((each) => each.port === port)) : [],
    openFiles: sumOf(tree.processes.map(({ openFiles }) => openFiles)),
    complete: tree.complete,
    signals: signalNameSchema.options.map((signal) =>
      signalView(signal, processes.reactionTo(identity, signal), service.kind === 'node'),
    ),
  }
}

/** Whether a signal may be sent, judged by what the process does with it, and what to know before. */
export function signalView(
  signal: SignalName,
  reaction: SignalReaction | null,
  onNode: boolean,
): ServiceProcesses['signals'][number] {
  if (signal === 'SIGCONT') {
    return { signal, may: true, sentence: 'Lets a suspended process go on; does nothing to one that runs.' }
  }
  switch (reaction) {
    case null:
      return { signal, may: false, sentence: 'What it would do cannot be told, so it is not sent.' }
    case 'ignored':
      return { signal, may: true, sentence: 'It ignores this signal: nothing will happen.' }
    case 'handled':
      return {
        signal,
        may: true,
        sentence:
          signal === 'SIGUSR1' && onNode
            ? 'Unless the script has code for it, Node opens its debugger on 127.0.0.1:9229: whoever uses this machine can then run code in the service.'
            : 'It has code for this signal.',
      }
    case 'default':
      return signal === 'SIGWINCH'
        ? { signal, may: true, sentence: 'It has no code for this signal: nothing will happen.' }
        : { signal, may: false, sentence: 'It has no code for this signal, so the system would end it.' }
  }
}

function absence({ service, machine }: Supervisor): string {
  if (service.kind === 'builtin') return 'It runs inside the console and has no processes of its own.'
  if (service.kind === 'external') return 'Somebody else runs it; the console does not know its processes.'
  return machine.state === 'starting' ? 'It is being started.' : 'It does not run.'
}

/** Each below its parent, by age; what left the tree comes last. */
function inTreeOrder(processes: ProcessTree['processes']): ServiceProcesses['processes'] {
  const known = new Set(processes.map(({ pid }) => pid))
  const children = Map.groupBy(processes, ({ parent, pid }) => (known.has(parent) && parent !== pid ? parent : 0))
  const ordered: ServiceProcesses['processes'] = []
  const placed = new Set<number>()
  const place = (siblings: ProcessTree['processes'], depth: number) => {
    for (const each of siblings) {
      if (placed.has(each.pid)) continue
      placed.add(each.pid)
      ordered.push({ ...each, depth })
      place(children.get(each.pid) ?? [], depth + 1)
    }
  }
  place(children.get(0) ?? [], 0)
  place(processes, 0) // a ring of parents: the table was read while pids were reused
  return ordered
}

function sumOf(counts: readonly (number | null)[]): number | null {
  const known = counts.flatMap((count) => count ?? [])
  return known.length === 0 ? null : known.reduce((sum, count) => sum + count, 0)
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^127\./.test(address)
}
