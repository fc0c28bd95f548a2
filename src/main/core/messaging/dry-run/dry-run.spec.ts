import { describe, expect, test } from 'vitest'
import type { RouteDefinition } from '#core/config/index.ts'
import type { StoredMessage } from '#shared/contract/index.ts'
import { dryRun } from './dry-run.ts'
import { passportOf } from './passport.ts'

const route: RouteDefinition = {
  id: 'desk',
  title: 'desk',
  on: true,
  from: 'desk/+/status',
  where: 'payload.battery > 5',
  validate: null,
  limit: null,
  enrich: null,
  tag: null,
  batch: null,
  map: '{"desk": topic[1]}',
  priority: 'normal',
  expiresMs: null,
  to: [{ kind: 'channel', channel: 'board' }],
}

let at = Date.UTC(2026, 0, 5, 8)
function message(topic: string, payload: string, laterMs = 1_000): StoredMessage {
  at += laterMs
  return { at, topic, payload, encoding: 'utf8', qos: 0, retain: false }
}

const none = {
  contentType: null,
  responseTopic: null,
  correlation: null,
  isText: false,
  user: [],
  moreUser: 0,
  id: null,
  hops: 0,
  isSpent: false,
  expiresAt: null,
  isCut: false,
}

const traffic = [
  message('desk/1/status', '{"battery": 80}'),
  message('desk/2/status', '{"battery": 3}'),
  message('desk/3/status', 'rubbish'),
  message('elsewhere', '{}'),
]

describe('a dry run', () => {
  test('of an unchanged route finds no difference', async () => {
    const report = await dryRun(route, structuredClone(route), traffic)
    expect(report).toMatchObject({ messages: 4, changed: 0, differences: [] })
    expect(report.after).toMatchObject({ passed: 1, filtered: 1, quarantined: 1, limited: 0, 'not matched': 1 })
  })

  test('names each message of which the changed route makes something else, before and after', async () => {
    const report = await dryRun(route, { ...route, where: 'payload.battery < 5', map: null }, traffic)
    expect(report.changed).toBe(2)
    expect(report.differences.map(({ n, before, after }) => [n, before.result, after.result])).toEqual([
      [0, 'passed', 'filtered'],
      [1, 'filtered', 'passed'],
    ])
    expect(report.differences[0]?.before.outputs).toEqual([
      { target: 'channel board', payload: '{"desk":"1"}', encoding: 'utf8', cut: false },
    ])
    expect(report.differences[1]?.after.outputs[0]?.payload).toBe('{"battery": 3}')
  })

  test('sees what messages brought and how often they were passed on, as the router did', async () => {
    const unit = { ...none, user: [{ name: 'unit', value: 'desk-7' }], expiresAt: at + 60_000 }
    const messages = [
      { ...message('desk/1/status', '{}'), properties: unit },
      { ...message('desk/1/status', '{}'), properties: { ...unit, hops: 8, isSpent: true } },
      message('desk/1/status', '{}'),
    ]
    const asks = { ...route, where: 'properties.user.unit == "desk-7" && has(properties.expires)', map: null }
    const { differences } = await dryRun(null, asks, messages)
    expect(differences.map(({ after }) => after.result)).toEqual(['passed', 'quarantined', 'filtered'])
    expect(differences[1]?.after.reason).toMatch(/passed on 8 times/)
  })

  test('takes a message through routes of the broker that it came from, and through any where that is not known', async () => {
    const from = (broker?: string) => ({
      ...message('desk/1/status', '{"battery": 80}'),
      ...(broker !== undefined && { broker }),
    })
    const messages = [from('plant'), from('lab'), from('elsewhere'), from()]
    const results = async (definition: RouteDefinition) =>
      (await dryRun(null, definition, messages, undefined, ['plant', 'lab'])).differences.map(({ n }) => n)
    expect(await results(route)).toEqual([0, 2, 3])
    expect(await results({ ...route, broker: 'lab' })).toEqual([1, 2, 3])
    const [plain, other] = messages
    const passed = async (given: StoredMessage | undefined) =>
      given && (await passportOf([route], given, undefined, ['plant', 'lab'])).length
    expect([await passed(plain), await passed(other)]).toEqual([1, 0])
  })

  test('of a new route compares with none, and of one that is removed with nothing', async () => {
    expect(await dryRun(null, route, traffic)).toMatchObject({ changed: 3, before: { 'not matched': 4 } })
    expect(await dryRun(route, null, traffic)).toMatchObject({ changed: 3, after: { 'not matched': 4 } })
    expect(await dryRun(route, { ...route, on: false }, traffic)).toMatchObject({ changed: 3 })
  })

  test('counts a limit by the times at which the messages came', async () => {
    const limited: RouteDefinition = {
      ...route,
      where: null,
      map: null,
      limit: { rate: { count: 1, perMs: 1_000 }, per: 'topic', keep: 'latest' },
    }
    const burst = [0, 100, 100, 5_000].map((later, n) => message('desk/1/status', `{"n": ${n}}`, later))
    const { after, differences } = await dryRun(null, limited, burst)
    // The first goes on, the second gives way to the third, which goes on later; the fourth comes when all is free again.
    expect(after).toMatchObject({ passed: 3, limited: 1 })
    expect(differences.map((one) => one.after.result)).toEqual(['passed', 'limited', 'passed', 'passed'])
    expect(differences[2]?.after.outputs[0]?.payload).toBe('{"n": 2}')
  })

  test('gathers by the times at which the messages came; the last of a batch stands for it', async () => {
    const gathered: RouteDefinition = {
      ...route,
      where: null,
      map: null,
      batch: { windowMs: 1_000, most: 3, bytes: 65_536, per: 'route', as: null },
    }
    const burst = [0, 100, 100, 500, 5_000].map((later, n) => message('desk/1/status', String(n), later))
    const { after, differences } = await dryRun(null, gathered, burst)
    expect(after).toMatchObject({ passed: 3, merged: 2 })
    expect(differences.map((one) => one.after.outputs[0]?.payload)).toEqual([
      undefined,
      undefined,
      '[0,1,2]',
      '[3]',
      '[4]',
    ])
  })

  test('lists the first differences and counts all', async () => {
    const many = Array.from({ length: 500 }, () => message('desk/1/status', '{"battery": 80}'))
    const report = await dryRun(null, route, many)
    expect(report.changed).toBe(500)
    expect(report.differences).toHaveLength(200)
  })

  test('shows bytes that are no text as hex', async () => {
    const bytes: StoredMessage = { ...message('desk/1/status', 'ff00'), encoding: 'hex' }
    const [first] = (await dryRun(null, { ...route, where: null, map: null }, [bytes])).differences
    expect(first?.after.outputs[0]).toMatchObject({ payload: 'ff00', encoding: 'hex' })
  })
})

describe('the passport of a message', () => {
  const chain: readonly RouteDefinition[] = [
    { ...route, validate: { type: 'object' }, to: [{ kind: 'mqtt', topic: 'board/desk', qos: 1, retain: false }] },
    { ...route, id: 'board', from: 'board/#', where: null, map: null },
  ]

  test('shows what each stage did, and which routes take in what comes out', async () => {
    expect(await passportOf(chain, message('desk/1/status', '{"battery": 80}'))).toEqual([
      {
        route: 'desk',
        title: 'desk',
        from: 'desk/+/status',
        on: true,
        stages: [
          { stage: 'where', rule: 'payload.battery > 5', result: 'passed', said: 'true' },
          { stage: 'validate', rule: '{"type":"object"}', result: 'passed', said: null },
          { stage: 'map', rule: '{"desk": topic[1]}', result: 'passed', said: '{"desk":"1"}' },
        ],
        outcome: {
          result: 'passed',
          reason: null,
          outputs: [{ target: 'mqtt board/desk', payload: '{"desk":"1"}', encoding: 'utf8', cut: false }],
        },
        onward: [{ topic: 'board/desk', route: 'board' }],
      },
    ])
  })

  test.each([
    ['a condition that is not met', {}, '{"battery": 1}', 'filtered'],
    ['a key that is missing', {}, '{}', 'filtered'],
    ['a payload that is no JSON', {}, 'rubbish', 'quarantined'],
    ['a payload that does not fit', { validate: { required: ['id'] } }, '{"battery": 9}', 'quarantined'],
    ['a mapping that fails', { map: 'payload.nothing' }, '{"battery": 9}', 'quarantined'],
    ['a tag that no target takes', { tag: { expression: 'topic[1]', of: [['9']] } }, '{"battery": 9}', 'filtered'],
    ['a tag that cannot be one', { tag: { expression: 'payload', of: [['9']] } }, '{"battery": 9}', 'quarantined'],
    ['a field that cannot be added', { enrich: { x: 'payload.nothing' } }, '{"battery": 9}', 'quarantined'],
    ['nothing in the way', {}, '{"battery": 9}', 'passed'],
  ])('ends where the router itself would: %s', async (_what, change, payload, result) => {
    const [passport] = await passportOf([{ ...route, ...change }], message('desk/1/status', payload))
    expect(passport?.outcome.result).toBe(result)
    const last = passport?.stages.at(-1)
    expect(last?.result).toBe(result)
  })
})
