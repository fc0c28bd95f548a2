import { procEntry } from './proc-table.ts'

/** Signals after which a suspended process must be woken, or it never gets to act on them. */
const ending: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGKILL'])

/**
 * Signals the process group that `leader` leads. Never the console's own group: a process that does not lead a group of its
 * own is signalled alone. A group that is gone is not an error.
 */
export function signalProcessGroup(leader: number, signal: NodeJS.Signals): void {
  const group = procEntry(leader)?.group
  if (group === undefined || leader <= 1) return
  const target = group === leader && group !== procEntry(process.pid)?.group ? -group : leader
  if (target === process.pid) return
  send(target, signal)
  if (ending.has(signal)) send(target, 'SIGCONT')
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal)
  } catch {
    // gone in the meantime, which is what a signal that ends was to reach
  }
}
