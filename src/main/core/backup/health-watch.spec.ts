import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { type WatchedService, watchHealth } from './health-watch.ts'

/** Services by name, and a watch over all of them that is under way. */
function watching(health: Record<string, WatchedService['health']>, withinMs = 30_000) {
  const clock = new ManualClock()
  const stop = new AbortController()
  const letGo = new Set<string>()
  const unwanted = new Set<string>()
  const service = (id: string): WatchedService | undefined => {
    const found = health[id]
    return found && { id, wanted: !unwanted.has(id), health: found, reason: `${id} is ${found}` }
  }
  const ports = { clock, service, letGo: (id: string) => letGo.has(id), signal: stop.signal }
  const told = { over: false }
  const outcome = watchHealth(Object.keys(health), withinMs, ports).then((unwell) => {
    told.over = true
    return unwell
  })
  return { clock, health, letGo, unwanted, stop, told, outcome }
}

describe('services that a restore has started', () => {
  test('are waited for until each is healthy, and no longer', async () => {
    const watch = watching({ api: 'unknown', web: 'healthy' })
    await watch.clock.advance(10_000)
    expect(watch.told.over).toBe(false)
    watch.health.api = 'healthy'
    await watch.clock.advance(500)
    expect(await watch.outcome).toEqual([])
    expect(watch.clock.waiting).toBe(0)
  })

  test('that are not healthy when the time is over are named with their reason; degraded is not healthy', async () => {
    const watch = watching({ api: 'unhealthy', web: 'healthy', desk: 'degraded' })
    await watch.clock.advance(29_000)
    expect(watch.told.over).toBe(false)
    await watch.clock.advance(1_000)
    expect(await watch.outcome).toEqual([
      { service: 'api', reason: 'api is unhealthy' },
      { service: 'desk', reason: 'desk is degraded' },
    ])
  })

  test('that fall ill again while another one is waited for count as they are in the end', async () => {
    const watch = watching({ api: 'unknown', web: 'healthy' })
    await watch.clock.advance(1_000)
    Object.assign(watch.health, { api: 'healthy', web: 'unhealthy' })
    await watch.clock.advance(30_000)
    expect(await watch.outcome).toEqual([{ service: 'web', reason: 'web is unhealthy' }])
  })

  test('are no question any more where somebody stopped them, or the restored site.yaml does not want or know them', async () => {
    const watch = watching({ api: 'unhealthy', web: 'unhealthy', desk: 'unhealthy' })
    watch.letGo.add('api')
    watch.unwanted.add('web')
    delete watch.health.desk
    await watch.clock.advance(500)
    expect(await watch.outcome).toEqual([])
  })

  test('are let go at once when the console closes', async () => {
    const watch = watching({ api: 'unhealthy' })
    await watch.clock.advance(700)
    watch.stop.abort()
    expect(await watch.outcome).toEqual([{ service: 'api', reason: 'api is unhealthy' }])
    expect(watch.clock.waiting).toBe(0)
  })
})
