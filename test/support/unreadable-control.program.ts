import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { DisposableStore } from '#core/platform/index.ts'
import { ManualClock } from './manual-clock.ts'
import { openStoreCareParts, storeCareOptions } from './store-care-parts.ts'
import { until } from './until.ts'

/**
 * A store with its care whose control database nobody may read when it is opened, and may be read again later: `unreadable-control
 * <directory> <by itself | by order>` prints what became of it as JSON. To be run without the right to pass over the modes of files.
 */
const [directory = '', how = ''] = process.argv.slice(2)
const clock = new ManualClock()
const file = join(directory, 'control.db')
const cause = { type: 'operator', via: 'command line' } as const
const note = (message: string) => ({ kind: 'test.told', subject: 'site', severity: 'info', message, cause }) as const

{
  await using owned = new DisposableStore()
  const { events } = await openStoreCareParts(storeCareOptions(directory, clock), owned)
  await events.record(note('before'))
}
chmodSync(file, 0)
await using owned = new DisposableStore()
const { store, events, jobs, care, state } = await openStoreCareParts(storeCareOptions(directory, clock), owned)
const card = () => state.slice('attention').get('store-stand-in:control')
const opened = store.opened.control
const cardBefore = card()
await events.record(note('meanwhile'))
const early = await store.endStandIn('control')
await clock.advance(60_000)
const stateBefore = store.statistics().databases.control.state

chmodSync(file, 0o600)
let ordered: string | null = null
if (how === 'by order') {
  const { job } = await care.recover({ database: 'control', cause })
  ordered = (await jobs.finished(job)).message
} else {
  await until('the database itself', async () => {
    await clock.advance(10_000)
    return store.statistics().databases.control.state === 'open'
  })
}
await until('its card to go', () => card() === undefined)
await events.record(note('after'))
const told = (await events.page({ subject: 'site', limit: 10 })).events.map(({ message }) => message)
const [ended] = (await events.page({ kind: 'store.stand-in-ended', limit: 5 })).events
const openedAfter = store.opened.control
process.stdout.write(JSON.stringify({ opened, early, stateBefore, cardBefore, ordered, told, ended, openedAfter }))
