import type { Clock } from '#core/platform/index.ts'
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

/** How long it must have run on after it was first ready: one that falls with its first request was ready for a moment. Milliseconds. */
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
    deadline[Symbol.dispose]()
    const fallen = await fallenWhileSettling({ service, services, arrivals, clock })
    if (fallen !== null) return unproved(service, services, fallen)
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

/** Why it did not stay as it was for {@link settleMs}; null when it did. */
async function fallenWhileSettling({
  service,
  services,
  arrivals,
  clock,
}: Pick<ProofRequest, 'service' | 'services' | 'arrivals' | 'clock'>): Promise<string | null> {
  const first = services.peer(service)?.machine.generation
  const over = new AbortController()
  const timer = clock.after(settleMs, () => over.abort())
  try {
    const { failed } = await arrivals.all(
      [service],
      (id) => {
        const now = services.peer(id)?.machine
        const runs = now?.generation === first && (now?.state === 'running' || now?.state === 'completed')
        return runs ? { at: 'on the way' } : { at: 'lost', reason: now?.reason ?? 'It is not supervised any more.' }
      },
      { signal: over.signal },
    )
    return failed[0]?.reason ?? null
  } catch (error) {
    if (!over.signal.aborted) throw error
    return null
  } finally {
    timer[Symbol.dispose]()
  }
}

function unproved(service: string, services: Pick<ServiceSet, 'peer'>, reason: string): Proof {
  const machine = services.peer(service)?.machine
  return machine?.wanted === false ? { at: 'stopped' } : { at: 'not ready', reason }
}
