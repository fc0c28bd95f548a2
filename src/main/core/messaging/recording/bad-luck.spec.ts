import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { mortalRuntime } from '../../../../../test/support/mortal-thread.ts'
import { recordingRig } from '../../../../../test/support/recording-rig.ts'
import { smallDisk } from '../../../../../test/support/small-disk.ts'
import { until } from '../../../../../test/support/until.ts'
import { replayCutOff } from './replay.ts'
import type { Recordings } from './types.ts'

const cause = { type: 'operator', via: 'browser' } as const
const large = { filter: '#', text: '', messages: 1_000_000, bytes: 1_000_000, ms: 60_000 }
const all = { after: 0, filter: '#', text: '', limit: 1_000 }
const view = (recordings: Recordings, id: string) => recordings.list().find((one) => one.id === id)

test('a recording goes on over a crash of the thread that records, and says that it was interrupted', async () => {
  using runtime = mortalRuntime()
  await using rigs = await recordingRig({ runtime })
  await using recordings = await rigs.open()
  const { recording } = await recordings.start({ name: 'On', ...large, cause })
  await rigs.publish('t', 'before')
  await until('it to be kept', () => view(recordings, recording)?.messages === 1)
  runtime.kill()
  await until('the crash to be told', () => view(recordings, recording)?.gaps === 1)
  await until('the router to be back', () =>
    rigs.publish('t', 'after').then(
      () => true,
      () => false,
    ),
  )
  await until('it to go on', () => (view(recordings, recording)?.messages ?? 0) >= 2)
  await recordings.stop(recording, cause)
  const { rows } = await recordings.page({ ...all, recording })
  expect(rows.map(({ payload }) => payload)).toContain('after')
  expect(view(recordings, recording)).toMatchObject({ state: 'complete', messages: rows.length, gaps: 1 })
})

test('a stop while the thread that records is away ends it with what is on the disk', async () => {
  using runtime = mortalRuntime()
  await using rigs = await recordingRig({ runtime })
  await using recordings = await rigs.open()
  const { recording } = await recordings.start({ name: 'Off', ...large, cause })
  await rigs.publish('t', 'kept')
  await until('it to be kept', () => view(recordings, recording)?.messages === 1)
  runtime.kill()
  await recordings.stop(recording, cause)
  expect(view(recordings, recording)).toMatchObject({ state: 'complete', messages: 1 })
})

test('while the disk is full a recording says what is on it and no more; stopped then, it has what comes there once there is room', async (context) => {
  using folder = temporaryFolder()
  using disk = smallDisk((reason) => context.skip(reason), folder.path)
  await using rigs = await recordingRig({ directory: disk.path })
  await using recordings = await rigs.open()
  const { recording } = await recordings.start({ name: 'Full', ...large, bytes: 100_000_000, cause })
  await rigs.publish('t', 'first')
  await until('it to be kept', () => view(recordings, recording)?.messages === 1)
  disk.fill(0)
  const pad = 'x'.repeat(100_000)
  for (let n = 0; n < 60; n++) await rigs.publish('t', pad)
  await until('some to be refused', async () => {
    await rigs.publish('t', pad)
    return rigs.rig.store.statistics().databases.messages.state !== 'open'
  })
  const onDisk = async () => (await recordings.page({ ...all, recording, limit: 1 })).rows.length
  expect(await onDisk()).toBe(1)
  const before = view(recordings, recording)?.messages ?? 0
  expect(before).toBeLessThan(60)
  await expect(recordings.stop(recording, cause)).rejects.toThrow(/disk is full/)
  expect(view(recordings, recording)).toMatchObject({
    state: 'complete',
    messages: before,
    why: expect.stringMatching(/more had not reached the disk when it was stopped/),
  })
  disk.empty()
  const rows = () =>
    rigs.rig.store.messages.get<{ state: string; messages: number }>({ sql: 'SELECT state, messages FROM recordings' })
  const settled = await until('what was on its way', () =>
    view(recordings, recording)?.why === null ? rows() : undefined,
  )
  await until('its entry', () => rows()?.state === 'complete' && (rows()?.messages ?? 0) > before)
  expect(settled).toBeDefined()
})

test('an entry that something else deleted is written again; messages without one are found again at the next start', async () => {
  await using rigs = await recordingRig()
  const { messages: database } = rigs.rig.store
  const ids: string[] = []
  {
    await using recordings = await rigs.open()
    for (const name of ['Complete', 'Under way']) {
      const { recording } = await recordings.start({ name, ...large, cause })
      ids.push(recording)
      await rigs.publish('t', name)
      await until('it to be kept', () => view(recordings, recording)?.messages === 1)
      if (name === 'Complete') await recordings.stop(recording, cause)
    }
    await database.write([{ sql: 'DELETE FROM recordings' }], 'recording')
    await recordings.stop(ids[1] ?? '', cause)
  }
  await using again = await rigs.open()
  expect(again.list()).toMatchObject([{ name: 'Under way', state: 'complete', messages: 2 - 1 }])
  const found = await until('the other', () => view(again, ids[0] ?? ''))
  expect(found).toMatchObject({
    name: 'Found again 1',
    state: 'complete',
    messages: 1,
    why: expect.stringMatching(/found again/),
  })
  expect((await again.page({ ...all, recording: found.id })).rows).toMatchObject([{ payload: 'Complete' }])
})

test('a plan says how many messages of a recording are gone', async () => {
  await using rigs = await recordingRig()
  await using recordings = await rigs.open()
  const { recording } = await recordings.importBegin('Old')
  const message = { at: 5, topic: 'a', qos: 1, retain: false, payload: 'x', encoding: 'utf8' } as const
  await recordings.importAdd(recording, [message, message, message])
  await recordings.importEnd(recording, 3, cause)
  const { messages: database } = rigs.rig.store
  const request = { recording, filter: '#', prefix: 'x', pace: { kind: 'rate', perSecond: 100 } } as const
  await database.write([{ sql: 'DELETE FROM recorded WHERE seq = 1' }], 'recording')
  expect((await recordings.replayPlan(request)).warnings.join()).toMatch(/1 of its 3 messages are no longer/)
  await database.write([{ sql: 'DELETE FROM recorded' }], 'recording')
  expect((await recordings.replayPlan(request)).refusal).toMatch(/3 of its 3 messages are no longer/)
})

test('a replay notes how far it has come, and that is told when the console did not live to finish it', async () => {
  await using rigs = await recordingRig()
  await using recordings = await rigs.open()
  const { recording } = await recordings.importBegin('Old')
  const message = { at: 5, topic: 'a', qos: 1, retain: false, payload: 'x', encoding: 'utf8' } as const
  await recordings.importAdd(recording, [message, message])
  await recordings.importEnd(recording, 2, cause)
  const pace = { kind: 'rate', perSecond: 100 } as const
  const { job } = await recordings.replay({ recording, filter: '#', prefix: 'x', pace }, cause)
  await rigs.jobs.finished(job)
  const noted = await until('it to be noted', () => {
    const [newest] = rigs.jobs.ofArea('recording', 1)
    return typeof newest?.input.sent === 'number' ? newest.input : undefined
  })
  expect(noted).toMatchObject({ recording, of: 2 })
  expect(replayCutOff({ sent: 2_057, of: 8_856 })).toBe(
    'At least 2,057 of its 8,856 messages were published, and those of about a second more. Replay it again if the rest is still wanted.',
  )
  expect(replayCutOff({ recording })).toMatch(/not known/)
})
