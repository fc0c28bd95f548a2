import type { EventLog } from '#core/events/index.ts'
import type { Processes } from '#core/platform/index.ts'
import type { SignalName } from '#shared/contract/processes.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { serviceEvents } from './event-kinds.ts'
import { signalView } from './process-view.ts'
import type { Supervisor } from './supervisor.ts'

/**
 * Sends a signal to the process of a service, and records it. Throws `service-not-running`, or `signal-refused` where the
 * process has no code for it, so that the system would end it.
 */
export function sendSignal(
  { service, child }: Supervisor,
  signal: SignalName,
  cause: Cause,
  { processes, events }: { readonly processes: Processes; readonly events: EventLog },
): { readonly sentence: string } {
  const { id, kind } = service
  const identity = child?.identity
  if (!identity || !processes.isAlive(identity)) {
    throw new ConsoleError(
      'service-not-running',
      `${id} has no process that could be sent ${signal}.`,
      kind === 'builtin' ? 'It runs inside the console: use its own actions.' : `Start ${id} first.`,
      { params: { service: id } },
    )
  }
  const { may, sentence } = signalView(signal, processes.reactionTo(identity, signal), kind === 'node')
  if (!may) {
    throw new ConsoleError(
      'signal-refused',
      `${signal} is not sent to ${id}: ${lowered(sentence)}`,
      'Use restart or stop, or give the service code for this signal.',
      { params: { service: id, signal } },
    )
  }
  if (!processes.signal(identity, signal)) {
    throw new ConsoleError(
      'signal-not-sent',
      `${signal} could not be sent to ${id}: its process ended, or belongs to another user.`,
      'Look at its state and try again.',
      { params: { service: id, signal }, retryable: true },
    )
  }
  const told = `${signal} was sent to ${id} (pid ${identity.pid}).`
  events.emit({
    kind: serviceEvents.signalled,
    subject: `service:${id}`,
    severity: 'notice',
    message: told,
    cause,
    data: { signal, pid: identity.pid },
  })
  return { sentence: told }
}

function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}
