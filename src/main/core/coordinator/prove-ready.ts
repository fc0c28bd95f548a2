import { type Clock, delay } from '#core/platform/index.ts'
import type { Proof } from '#core/units/index.ts'
import type { Arrivals } from './arrivals.ts'
import { isReady } from './machine-health.ts'
import type { ServiceSet } from './service-set.ts'
import type { ServicesOutcome } from './types.ts'

export interface ProofRequest {
  readonly service: string
  readonly withinMs: number
  readonly services: Pick<ServiceSet, 'peer'>
  readonly arrivals: Arrivals
  readonly clock: Clock
  /** Starts it with what it needs; called off by the signal. */
  readonly start: (signal: AbortSignal) => Promise<ServicesOutcome>
}

/** How long one must have run that no probe asks. Milliseconds. */
const settleMs = 3_000

/** Starts a service and finds out whether it becomes ready in its time. Never rejects for what the service does. */
export async function proveReady({
  service,
  withinMs,
  services,
  arrivals,
  clock,
  start,
}: ProofRequest): Promise<Proof> {
  const late = new AbortController()
  const deadline = clock.after(withinMs, () => late.abort(new Error('late')))
  const { signal } = late
  const wasReady = () => {
    const found = services.peer(service)
    return found !== undefined && isReady(found.machine, found.service)
  }
  try {
    const { failed } = await start(signal)
    const [first] = failed
    if (first) return unproved(service, services, first.reason)
    const { failed: lost } = await arrivals.all(
      [service],
      (id) => {
        const machine = services.peer(id)?.machine
        if (wasReady() || machine?.state === 'completed') return { at: 'goal' }
        if (!machine || machine.state === 'failed' || !machine.wanted)
          return { at: 'lost', reason: machine?.reason ?? 'It is not supervised any more.' }
        return { at: 'on the way' }
      },
      { signal },
    )
    const [given] = lost
    if (given) return unproved(service, services, given.reason)
    const found = services.peer(service)
    if (found && found.service.probes.startup === null && found.service.probes.readiness === null) {
      const { generation } = found.machine
      await delay(clock, settleMs, signal)
      const now = services.peer(service)?.machine
      const ran = now?.generation === generation && (now.state === 'running' || now.state === 'completed')
      if (!ran) return unproved(service, services, now?.reason ?? 'It is gone.')
    }
    return { at: 'ready' }
  } catch (error) {
    if (!signal.aborted) throw error
    // Its start was called off here and by nobody else.
    const reason = services.peer(service)?.machine.reason ?? ''
    const sentence = `It was not ready within ${Math.round(withinMs / 100) / 10} s. ${reason}`.trim()
    return { at: 'not ready', reason: sentence }
  } finally {
    deadline[Symbol.dispose]()
  }
}

function unproved(service: string, services: Pick<ServiceSet, 'peer'>, reason: string): Proof {
  const machine = services.peer(service)?.machine
  return machine?.wanted === false ? { at: 'stopped' } : { at: 'not ready', reason }
}
