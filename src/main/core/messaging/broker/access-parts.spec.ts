import { scryptSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { brokerSettings } from '#core/config/index.ts'
import { filterMatches, parseTopicFilter, type TopicFilter } from '../topic-filter.ts'
import { Passwords } from './passwords.ts'
import { Flapping, KeyedRate } from './rates.ts'
import { Sayings } from './sayings.ts'
import { filterCovers, fitsPattern, rightsOf } from './topic-rights.ts'

function filterOf(text: string): TopicFilter {
  const parsed = parseTopicFilter(text)
  if ('mistake' in parsed) throw new Error(parsed.mistake.message)
  return parsed.filter
}

describe('What a filter covers', () => {
  it('is what it matches: a filter within another never matches a topic that the other does not', () => {
    const levels = ['a', 'b', '', '+', '#', '$x']
    const filters = levels
      .flatMap((one) => [one, ...levels.map((two) => `${one}/${two}`)])
      .filter((text) => text !== '' && !('mistake' in parseTopicFilter(text)))
      .map(filterOf)
    const plain = ['a', 'b', '', '$x', 'c']
    const topics = plain.flatMap((one) => [one, ...plain.flatMap((two) => [`${one}/${two}`, `${one}/${two}/c`])])
    for (const outer of filters) {
      for (const inner of filters) {
        const within = topics.every((topic) => !filterMatches(inner, topic) || filterMatches(outer, topic))
        const wide = topics.some((topic) => filterMatches(inner, topic))
        if (wide && inner.levels.at(-1) !== '#')
          expect([outer.text, inner.text, filterCovers(outer, inner)]).toEqual([outer.text, inner.text, within])
        else if (filterCovers(outer, inner))
          expect([outer.text, inner.text, within]).toEqual([outer.text, inner.text, true])
      }
    }
  })
})

describe('Whose permissions count', () => {
  const only = (filter: string) => ({ publish: [filter], subscribe: [] })
  const nobody = { password: null, hash: '', clients: null }
  const settings = {
    ...brokerSettings(),
    users: { desk: { ...nobody, allow: only('user') }, kiosk: { ...nobody, allow: null } },
    clients: [{ pattern: 'desk-*', allow: only('client') }],
    allow: only('all'),
  }
  it.each([
    ['desk', 'desk-1', 'user'],
    ['kiosk', 'desk-1', 'client'],
    ['kiosk', 'x', 'all'],
    [null, 'desk-1', 'client'],
    [null, 'x', 'all'],
  ])('those of the user, of the client id, of everybody: %s as %s', (user, clientId, topic) => {
    const rights = rightsOf(settings, user, clientId)
    expect(['user', 'client', 'all'].filter((one) => rights.mayPublish(one))).toEqual([topic])
  })

  it('and nothing is kept from anybody where none are given', () => {
    expect(rightsOf(brokerSettings(), null, 'x').maySubscribe(filterOf('#'))).toBe(true)
  })
})

it('a client id fits a pattern with stars, also a hostile one, which would take longer than anybody lives', () => {
  expect(fitsPattern('desk-*', 'desk-')).toBe(true)
  expect(fitsPattern('*-desk', 'a-desk')).toBe(true)
  expect(fitsPattern('a*b*c', 'a-b-c')).toBe(true)
  expect(fitsPattern('a*b*c', 'a-c-b')).toBe(false)
  expect(fitsPattern('ab*ba', 'aba')).toBe(false)
  expect(fitsPattern('desk', 'desk-1')).toBe(false)
  expect(fitsPattern(`${'*a'.repeat(100)}*b`, 'a'.repeat(10_000))).toBe(false)
})

describe('Passwords', () => {
  const salt = Buffer.from('0123456789abcdef')
  const key = scryptSync('right', salt, 32, { cost: 2 ** 14 })
  const hash = `$scrypt$ln=14,r=8,p=1$${salt.toString('base64')}$${key.toString('base64')}`

  it('are worked out from scrypt once, and then known', async () => {
    const passwords = new Passwords({ desk: { hash } })
    expect(await passwords.check('desk', Buffer.from('right'))).toBe('right')
    expect(passwords.check('desk', Buffer.from('right'))).toBe('right')
    expect(await passwords.check('desk', Buffer.from('wrong'))).toBe('wrong')
    expect(passwords.check('desk', Buffer.from('wrong'))).toBe('wrong')
    expect(passwords.check('other', Buffer.from('right'))).toBe('wrong')
  })

  it('that come in a flood are not all worked out, and who has the right one still comes in', async () => {
    const passwords = new Passwords({ desk: { hash } })
    await passwords.check('desk', Buffer.from('right'))
    const flood = await Promise.all(
      Array.from({ length: 200 }, (_, n) => Promise.resolve(passwords.check('desk', Buffer.from(`guess ${n}`)))),
    )
    expect(flood.filter((verdict) => verdict === 'wrong').length).toBe(22)
    expect(flood.filter((verdict) => verdict === 'busy').length).toBe(178)
    expect(passwords.check('desk', Buffer.from('right'))).toBe('right')
  })
})

it('a rate lets so many through at once and then one each share of the period', () => {
  const rate = new KeyedRate({ count: 4, perMs: 400 })
  expect([0, 0, 0, 0, 0].map(() => rate.take('a', 0) === 0)).toEqual([true, true, true, true, false])
  expect(rate.take('b', 0)).toBe(0)
  expect(rate.take('a', 99)).toBeGreaterThan(0)
  expect(rate.take('a', 100)).toBe(0)
  expect(rate.take('a', 100)).toBe(100)
  for (let n = 0; n < 4; n++) rate.reserve('c', 0)
  expect([rate.reserve('c', 0), rate.reserve('c', 0)]).toEqual([100, 200])
})

it('flapping is so many losses within a time; slower ones are not', () => {
  const flapping = new Flapping({ losses: 3, withinMs: 1_000, holdMs: 5_000 })
  expect([0, 600, 1_200, 1_800].map((at) => flapping.lost('slow', at))).toEqual([false, false, false, false])
  expect([0, 100, 200].map((at) => flapping.lost('fast', at))).toEqual([false, false, true])
  expect(flapping.heldFor('fast', 1_200)).toBe(4_000)
  expect(flapping.heldFor('fast', 5_200)).toBe(0)
  expect(flapping.heldFor('slow', 1_200)).toBe(0)
})

it('refusals are told once a minute each, twenty in all, and how many more there were', () => {
  const said: string[] = []
  const sayings = new Sayings((sentence) => said.push(sentence))
  for (let n = 0; n < 1_000; n++) sayings.say(`client ${n % 50}`, n)
  expect(said).toHaveLength(20)
  sayings.say('client 0', 60_000)
  expect(said.slice(20)).toEqual(['980 more refusals like the ones before are not listed.', 'client 0'])
})
