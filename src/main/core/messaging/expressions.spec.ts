import { describe, expect, it } from 'vitest'
import { Expressions, isMissingKey } from './expressions.ts'
import { IncomingMessage } from './incoming-message.ts'
import { payloadOf } from './payload-text.ts'

const expressions = new Expressions()

function message(payload: string | Buffer): IncomingMessage {
  const held = new IncomingMessage()
  held.hold('a/b/c', ['a', 'b', 'c'], Buffer.from(payload), Date.UTC(2026, 0, 5, 8), false, 1)
  return held
}

function evaluate(text: string, payload = '{}'): unknown {
  const compiled = expressions.mapping(text)
  if ('mistake' in compiled) throw new Error(compiled.mistake.message)
  return compiled.expression.run(message(payload))
}

describe('Expressions', () => {
  it.each([
    ['payload.battery > 5', '{"battery": 6}', 'true'],
    ['payload.battery + 1', '{"battery": 6.5}', '7.5'],
    ['10 % payload.n', '{"n": 4}', '2'],
    ['payload.n * 2', '{"n": 3}', '6'],
    ['2 * GB', '{}', '2000000000'],
    ['3 * KiB', '{}', '3072'],
    ['9007199254740993', '{}', '9007199254740993'],
    [
      '{"desk": topic[2], "at": received, "was": retained}',
      '{}',
      '{"desk":"c","at":"2026-01-05T08:00:00.000Z","was":false}',
    ],
    ['topicName', '{}', 'a/b/c'],
    ['qos', '{}', '1'],
    ['payload', '{"a":[1,null,{"b":"ü"}]}', '{"a":[1,null,{"b":"ü"}]}'],
    ['payload.on ? "ON" : "OFF"', '{"on":true}', 'ON'],
    ['[payload.text]', '{"text":"\\"q\\""}', '["\\"q\\""]'],
    ['payload.?missing.orValue(3)', '{}', '3'],
    ['{"t": duration("5m"), "b": b"ab", "u": uint(7)}', '{}', '{"t":"300s","b":"YWI=","u":7}'],
    ['timestamp("2026-01-05T08:00:00Z")', '{}', '"2026-01-05T08:00:00.000Z"'],
    ['payload.rooms.map(r, r.desks.filter(d, d.on).size())', '{"rooms":[{"desks":[{"on":true},{"on":false}]}]}', '[1]'],
  ])('%s on %s becomes %s', (text, payload, expected) => {
    expect(payloadOf(evaluate(text, payload)).toString()).toBe(expected)
  })

  it('tell a missing key from other failures', () => {
    const failureOf = (text: string, payload: string) => {
      try {
        return evaluate(text, payload)
      } catch (error) {
        return isMissingKey(error)
      }
    }
    expect(failureOf('payload.missing > 5', '{}')).toBe(true)
    expect(failureOf('payload.a.b.c', '{"a":{}}')).toBe(true)
    expect(failureOf('topic[9]', '{}')).toBe(true)
    expect(failureOf('payload.battery > 5', '{"battery":"low"}')).toBe(false)
  })

  it('write no JSON for what JSON cannot say', () => {
    expect(() => payloadOf(evaluate('1.0 / 0.0'))).toThrow(/JSON cannot say/)
    expect(() => payloadOf(evaluate('{"a": payload.?missing}'))).toThrow(/absent/)
  })

  it('cannot reach the inside of the engine through a payload', () => {
    for (const name of ['constructor', '__proto__', 'hasOwnProperty']) {
      expect(() => evaluate(`payload.${name}`)).toThrow()
    }
  })

  it.each([
    ['payload.battery >', 17, 'condition'],
    ['nope > 1', 0, 'condition'],
    ['1 + "a"', 0, 'mapping'],
    ['payload.l.map(x, payload.l.map(y, x * y))', 0, 'mapping'],
    ['payload.text.matches("(a+)+$")', 0, 'condition'],
    ['payload.text.matches(payload.pattern)', 0, 'condition'],
    ['topic[0]', 0, 'condition'],
    [`"${'a'.repeat(5_000)}"`, 4_000, 'mapping'],
  ] as const)('%s is refused with a sentence and position %i or later', (text, position, kind) => {
    const compiled = expressions[kind](text)
    if (!('mistake' in compiled)) throw new Error('It was accepted.')
    expect(compiled.mistake.message).toMatch(/\.$/)
    expect(compiled.mistake.position).toBeGreaterThanOrEqual(position)
  })

  it('match texts as long as their regular expression can go over quickly, and refuse longer ones with a reason', () => {
    const compiled = expressions.condition(
      'payload["x.matches(y)"] . matches ("^a*b*c*$") || payload.l.exists(x, x.matches("z$"))',
    )
    if ('mistake' in compiled) throw new Error(compiled.mistake.message)
    const run = (text: string, l: readonly string[] = []) =>
      compiled.expression.run(message(JSON.stringify({ 'x.matches(y)': text, l })))
    expect(run('aabbc')).toBe(true)
    expect(run('d', ['y', 'xz'])).toBe(true)
    expect(run('d', ['y'])).toBe(false)
    expect(run('d', [`${'x'.repeat(100_000)}z`])).toBe(true)
    expect(() => run(`${'a'.repeat(100_000)}!`)).toThrow(/100001 characters.*at most 256/)
  })

  it('decode the payload only when they look at it', () => {
    const condition = expressions.condition('topic[0] == "a" && !retained')
    expect('expression' in condition && condition.expression.needsPayload).toBe(false)
    const other = expressions.condition('has(payload.x)')
    expect('expression' in other && other.expression.needsPayload).toBe(true)
  })

  it.each([
    ['', /empty/],
    ['{"a":', /not JSON/],
    [Buffer.from([0x22, 0xff, 0x22]), /not UTF-8/],
    [Buffer.alloc(300 * 1024, 0x20), /307200 bytes/],
  ])('say why a payload cannot be decoded', (payload, reason) => {
    expect(message(payload).undecodable).toMatch(reason)
  })
})
