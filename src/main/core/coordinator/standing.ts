import type { Standing, Walked } from './arrivals.ts'
import type { Peer } from './needs.ts'

/** How far a service is on its way to run. A one-shot arrives when it has run to its end. */
export function standingOfStart(
  id: string,
  peer: (id: string) => Peer,
  walked: Walked = { blocked: new Map(), settled: new Map() },
): Standing {
  const found = peer(id)
  if (!found)
    return {
      at: 'lost',
      reason: 'It is not supervised any more: it was taken out of site.yaml, or the site was closed.',
    }
  const { machine, service } = found
  switch (machine.state) {
    case 'completed':
    case 'external':
      return { at: 'goal' }
    case 'running':
      return service.oneShot ? { at: 'on the way' } : { at: 'goal' }
    case 'failed':
      return { at: 'lost', reason: machine.reason }
    case 'stopped':
      return machine.wanted ? { at: 'on the way' } : { at: 'lost', reason: 'It was stopped meanwhile.' }
    case 'waiting':
      return isBlocked(id, peer, walked)
        ? { at: 'lost', reason: machine.reason }
        : { at: allNeedsSettled(id, peer, walked) ? 'waiting' : 'on the way', reason: machine.reason }
    case 'stopping':
      return machine.wanted || machine.after !== 'stop'
        ? { at: 'on the way' }
        : { at: 'lost', reason: 'It was stopped meanwhile.' }
    case 'backing-off':
      return machine.held ? { at: 'lost', reason: machine.reason } : { at: 'on the way' }
    case 'starting':
      return { at: 'on the way' }
  }
}

/** How far a service is on its way to stand still. `superseded`: another command came after the stop. */
export function standingOfStop(id: string, peer: (id: string) => Peer, superseded: boolean): Standing {
  const machine = peer(id)?.machine
  if (!machine || machine.state === 'external' || machine.state === 'completed') return { at: 'goal' }
  if (machine.state === 'stopped' || machine.state === 'failed') return { at: 'goal' }
  return superseded ? { at: 'lost', reason: 'It was started again meanwhile.' } : { at: 'on the way' }
}

/** Waits for something that will not come by itself: a need that has failed, is stopped, or is blocked in turn. */
function isBlocked(id: string, peer: (id: string) => Peer, walked: Walked): boolean {
  const known = walked.blocked.get(id)
  if (known !== undefined) return known
  const blocked = Object.keys(peer(id)?.service.needs ?? {}).some((need) => {
    const machine = peer(need)?.machine
    if (!machine) return true
    if (machine.state === 'failed') return true
    if (machine.state === 'stopped' || machine.state === 'stopping') return !machine.wanted
    return machine.state === 'waiting' && isBlocked(need, peer, walked)
  })
  walked.blocked.set(id, blocked)
  return blocked
}

/** Nothing that it needs is moving: they run, but not as it needs them, or wait themselves. */
function allNeedsSettled(id: string, peer: (id: string) => Peer, walked: Walked): boolean {
  const known = walked.settled.get(id)
  if (known !== undefined) return known
  const settled = Object.keys(peer(id)?.service.needs ?? {}).every((need) => {
    const found = peer(need)
    switch (found?.machine.state) {
      case 'running':
        return !found.service.oneShot
      case 'external':
      case 'completed':
        return true
      case 'waiting':
        return allNeedsSettled(need, peer, walked)
      default:
        return false
    }
  })
  walked.settled.set(id, settled)
  return settled
}
