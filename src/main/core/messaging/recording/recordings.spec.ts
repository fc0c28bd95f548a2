import { connectAsync } from 'mqtt'
import { expect, test } from 'vitest'
import { route } from '../../../../../test/support/messaging-rig.ts'
import { recordingRig } from '../../../../../test/support/recording-rig.ts'
import { until } from '../../../../../test/support/until.ts'
import { dryRun } from '../dry-run/dry-run.ts'
import type { Recordings } from './types.ts'

const cause = { type: 'operator', via: 'browser' } as const
const large = { messages: 1_000_000, bytes: 1_000_000, ms: 60_000 }

const view = (recordings: Recordings, id: string) => recordings.list().find((one) => one.id === id)
const all = { after: 0, filter: '#', text: '', limit: 1_000 }

test('what a filter takes in is kept as it came, found by topic, text and time, and replayed below another topic', async () => {
  await using rigs = await recordingRig()
  await using recordings = await rigs.open()
  const { recording } = await recordings.start({ name: 'Desks', filter: 'desk/#', text: '', ...large, cause })
  await rigs.publish('desk/1/status', '{"battery":80}')
  await rigs.publish('other', 'no')
  await rigs.publish('desk/2/status', '{"battery":79}')
  await rigs.publish('desk/2/deep/status', 'Hello')
  await until('three messages', () => view(recordings, recording)?.messages === 3)
  await recordings.stop(recording, cause)
  expect(view(recordings, recording)).toMatchObject({ state: 'complete', messages: 3, lost: 0, why: null })
  const found = async (query: object) =>
    (await recordings.page({ ...all, recording, ...query })).rows.map(({ topic }) => topic)
  expect(await found({})).toEqual(['desk/1/status', 'desk/2/status', 'desk/2/deep/status'])
  expect(await found({ filter: 'desk/+/status' })).toEqual(['desk/1/status', 'desk/2/status'])
  expect(await found({ filter: 'desk/2/#' })).toEqual(['desk/2/status', 'desk/2/deep/status'])
  expect(await found({ text: 'hELLO' })).toEqual(['desk/2/deep/status'])
  expect(await found({ text: '%' })).toEqual([])
  expect(await found({ to: 1 })).toEqual([])
  await expect(recordings.page({ ...all, recording, filter: 'a+' })).rejects.toMatchObject({
    problem: { code: 'filter-invalid' },
  })

  const request = { recording, filter: '#', prefix: 'again', pace: { kind: 'rate', perSecond: 1_000 } } as const
  const plan = await recordings.replayPlan(request)
  expect(plan).toMatchObject({ messages: 3, refusal: null, moreTopics: 0 })
  expect(plan.topics).toContainEqual({ topic: 'again/desk/1/status', messages: 1 })
  using tap = rigs.rig.messaging.tap({ filter: 'again/#', text: '', route: null })
  const seen: string[] = []
  tap.onReady(() => seen.push(...tap.take().messages.map(({ topic, payload }) => `${topic} ${payload}`)))
  const { job } = await recordings.replay(request, cause)
  expect(await rigs.jobs.finished(job)).toMatchObject({ state: 'completed' })
  await until('all of them', () => seen.length === 3)
  expect(seen).toEqual([
    'again/desk/1/status {"battery":80}',
    'again/desk/2/status {"battery":79}',
    'again/desk/2/deep/status Hello',
  ])
})

test('a recording of the embedded broker says which client published each message, and a dry run on it sees that', async () => {
  await using rigs = await recordingRig({}, 'embedded')
  await using recordings = await rigs.open()
  const { recording } = await recordings.start({ name: 'Who', filter: '#', text: '', ...large, cause })
  await using client = await clientOf(rigs.rig.url, 'desk-7')
  await client.publish('desk/1/status', '{}')
  await until('it', () => view(recordings, recording)?.messages === 1)
  await recordings.stop(recording, cause)
  const { rows } = await recordings.page({ ...all, recording })
  expect(rows).toMatchObject([{ broker: 'broker', client: 'desk-7' }])
  const asks = route('asks', { from: '#', where: 'client == "desk-7"', to: [{ kind: 'channel', channel: 'c' }] })
  expect((await dryRun(null, asks, rows, undefined, ['broker'])).after.passed).toBe(1)
})

test('a recording ends by itself at its bound and says so', async () => {
  await using rigs = await recordingRig()
  await using recordings = await rigs.open()
  const { recording } = await recordings.start({ name: 'Two', filter: '#', text: '', ...large, messages: 2, cause })
  for (const payload of ['a', 'b', 'c']) await rigs.publish('t', payload)
  await until('it to end', () => view(recordings, recording)?.state === 'complete')
  expect(view(recordings, recording)).toMatchObject({ messages: 2, why: 'It has reached its bound of 2 messages.' })
  const kinds = () => rigs.events.map(({ kind }) => kind).join()
  await until('it to be told', () => kinds() === 'recording.started,recording.ended')
})

test('one that is under way goes on when the console is opened again, and a deleted one is gone with its messages', async () => {
  await using rigs = await recordingRig()
  let id: string
  {
    await using recordings = await rigs.open()
    id = (await recordings.start({ name: 'On', filter: '#', text: '', ...large, cause })).recording
    await rigs.publish('t', 'before')
    await until('it to be kept', () => view(recordings, id)?.messages === 1)
  }
  await using again = await rigs.open()
  await until('it to go on', () => view(again, id)?.gaps === 1)
  await rigs.publish('t', 'after')
  await until('both', () => view(again, id)?.messages === 2)
  await again.stop(id, cause)
  expect((await again.page({ ...all, recording: id })).rows.map(({ payload }) => payload)).toEqual(['before', 'after'])
  await again.delete(id, cause)
  expect(again.list()).toEqual([])
  const rows = () => rigs.rig.store.messages.get<{ n: number }>({ sql: 'SELECT count(*) AS n FROM recorded' })?.n
  await until('its messages to be gone', () => rows() === 0)
})

test('an import is a recording only when all of it has arrived', async () => {
  await using rigs = await recordingRig()
  await using recordings = await rigs.open()
  const message = { at: 5, topic: 'a', qos: 1, retain: true, payload: '00ff', encoding: 'hex' } as const
  const lost = (await recordings.importBegin('Half')).recording
  await recordings.importAdd(lost, [message])
  await expect(recordings.importEnd(lost, 2, cause)).rejects.toMatchObject({ problem: { code: 'import-incomplete' } })
  expect(recordings.list()).toEqual([])
  const { recording } = await recordings.importBegin('Whole')
  expect(await recordings.importAdd(recording, [message, { ...message, topic: 'b' }])).toBe(2)
  await recordings.importEnd(recording, 2, cause)
  const pace = { kind: 'scaled', factor: 2 } as const
  const later = (await recordings.importBegin('Later')).recording
  await recordings.importAdd(later, [message, { ...message, at: 20_005 }])
  await recordings.importEnd(later, 2, cause)
  expect((await recordings.replayPlan({ recording: later, filter: '#', prefix: 'x', pace })).lastsMs).toBe(10_000)
  const { rows, next } = await recordings.page({ ...all, recording })
  expect(rows).toMatchObject([message, { ...message, topic: 'b' }])
  expect(next === null || (await recordings.page({ ...all, recording, after: next })).next === null).toBe(true)
})

async function clientOf(url: string, clientId: string) {
  const client = await connectAsync(url, { clientId, reconnectPeriod: 0 })
  return {
    publish: (topic: string, payload: string) => client.publishAsync(topic, payload, { qos: 1 }),
    [Symbol.asyncDispose]: () => client.endAsync(true),
  }
}
