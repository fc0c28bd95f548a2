import { describe, expect, it } from 'vitest'
import { route } from '../../../../test/support/messaging-rig.ts'
import { checkRoute, checkRoutes } from './route-check.ts'

const mqtt = (topic: string) => ({ kind: 'mqtt', topic, qos: 0, retain: false }) as const

describe('The check of routes', () => {
  it('finds every mistake of a route at once, each with its place, a sentence and a remedy', () => {
    const problems = checkRoute(
      route('r', { from: 'a/#/b', where: 'payload.x >', map: 'nope', to: [mqtt('a/+'), mqtt('$SYS/x'), mqtt('ok')] }),
    )
    expect(problems.map(({ path }) => path)).toEqual(['from', 'where', 'map', 'to.0.mqtt', 'to.1.mqtt'])
    for (const { message, remedy } of problems) {
      expect(message).toMatch(/\(at character \d+\)$/)
      expect(remedy).toMatch(/\.$/)
    }
  })

  it('accepts the route of the handbook', () => {
    expect(
      checkRoute(
        route('desk-presence', {
          from: 'consultease/faculty/+/status',
          where: 'payload.battery > 5',
          map: '{"faculty": topic[2], "at": received, "present": payload.present}',
          to: [mqtt('consultease/board/presence')],
        }),
      ),
    ).toEqual([])
  })

  it.each([
    [{ propertes: {} }, /unknown keyword: "propertes"/],
    [{ type: 'nmber' }, /type/],
    [{ $ref: 'https://example.org/schema' }, /can't resolve reference/],
    [{ $schema: 'http://json-schema.org/draft-07/schema#' }, /draft-07/],
    [{ properties: { id: { pattern: '(a+)+$' } } }, /the pattern .* could take too long/],
    [{ properties: { id: { pattern: '.*a.*b.*c' } } }, /more than two of \* and \+/],
    [{ description: 'x'.repeat(70_000) }, /longer than 65536 characters/],
    [{ $async: true, type: 'number' }, /`\$async` is not used here/],
    [{ properties: { list: { uniqueItems: true } } }, /`uniqueItems` needs a `maxItems`/],
    [containsItself(), /it contains itself/],
    [{ enum: Array.from({ length: 5_001 }, () => ({})) }, /more than 5000 parts/],
  ])('finds the mistake in a schema %#', (validate, message) => {
    const [found, ...others] = checkRoute(route('r', { validate }))
    expect(others).toEqual([])
    expect(found).toMatchObject({ path: 'validate', message: expect.stringMatching(message) })
  })

  it('accepts schemas with patterns, formats and references into themselves, and finds a key that gives no key', () => {
    const validate = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      properties: {
        id: { $anchor: 'id', pattern: '^u-[0-9]+$', format: 'uuid' },
        same: { $ref: '#id' },
        next: { $ref: '#' },
        list: { uniqueItems: true, maxItems: 500 },
      },
    }
    const limit = { rate: { count: 1, perMs: 1_000 }, per: { expression: '[topicName]' }, keep: 'latest' } as const
    expect(checkRoute(route('r', { validate }))).toEqual([])
    expect(checkRoute(route('r', { limit }))).toMatchObject([
      { path: 'limit.per', message: expect.stringContaining('A key must be a text') },
    ])
    expect(checkRoute(route('r', { limit: { ...limit, per: { expression: 'payload.id +' } } }))).toMatchObject([
      { path: 'limit.per', message: expect.stringMatching(/\(at character \d+\)$/) },
    ])
    const keyed = { kind: 'mqtt', topic: 'out', qos: 1, retain: false, key: '[topicName]' } as const
    expect(checkRoute(route('r', { from: 'in', to: [{ kind: 'channel', channel: 'c' }, keyed] }))).toMatchObject([
      { path: 'to.1.key', message: expect.stringContaining('A key must be a text') },
    ])
  })

  it('finds a route that would receive its own output, by filter and by regular expression', () => {
    expect(checkRoute(route('r', { from: 'a/#', to: [mqtt('a/out')] }))[0]?.message).toMatch(/its own output/)
    expect(checkRoute(route('r', { from: '/^a/', to: [mqtt('a/out')] }))[0]?.message).toMatch(/its own output/)
    expect(checkRoute(route('r', { from: '#', to: [{ kind: 'journal', keepMs: 1 }] }))).toEqual([])
  })

  it('finds routes that feed each other in a circle, and leaves a chain alone', () => {
    const chain = [
      route('a', { from: 'in', to: [mqtt('one')] }),
      route('b', { from: 'one', to: [mqtt('two')] }),
      route('c', { from: 'two', to: [{ kind: 'channel', channel: 'end' }] }),
    ]
    expect(checkRoutes(chain)).toEqual([])
    const circle = [...chain.slice(0, 2), route('c', { from: '/^two$/', to: [mqtt('in')] })]
    const problems = checkRoutes(circle)
    expect(problems.map((problem) => problem.route).sort()).toEqual(['a', 'b', 'c'])
    expect(problems[0]?.message).toContain('a → b → c → a')
    expect(checkRoutes([...circle.slice(0, 2), { ...route('c', circle[2] ?? {}), on: false }])).toEqual([])
  })

  it('refuses shared subscriptions, which routes do not serve', () => {
    expect(checkRoute(route('r', { from: '$share/g/a' }))[0]?.message).toMatch(/\$share/)
  })

  it('finds nothing to say about a thousand good routes', () => {
    const routes = Array.from({ length: 1_000 }, (_, n) =>
      route(`r${n}`, { from: `a/${n}/+`, where: 'payload.x > 1', to: [mqtt(`b/${n}`)] }),
    )
    expect(checkRoutes(routes)).toEqual([])
  })
})

function containsItself() {
  const schema: Record<string, unknown> = { type: 'object' }
  schema.properties = { inner: schema }
  return schema
}
