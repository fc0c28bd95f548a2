import { expect, test } from 'vitest'
import { judge, type Look } from './health.ts'

const facts = { version: 'SQLite 3.54', bytes: 4096, flaw: null }
const well: Look = {
  answer: { ok: true, ms: 2, facts },
  damage: null,
  inUse: 1,
  most: 4,
  waiting: 0,
  statements: 100,
  failed: 0,
}
const look = (more: Partial<Look>) => judge({ ...well, ...more })

test('a database that answers, with few failures and a free connection, is healthy', () => {
  expect(judge(well)).toEqual({ health: 'healthy', sentence: 'SQLite 3.54 answers.' })
  expect(look({ failed: 10 }).health, 'a tenth is not more than a tenth').toBe('healthy')
  expect(look({ statements: 19, failed: 19 }).health, 'too few to say').toBe('healthy')
  expect(look({ inUse: 4 }).health, 'all in use, and nobody waits').toBe('healthy')
  expect(look({ answer: { ok: true, ms: 1_000, facts } }).health).toBe('healthy')
})

test('it is degraded while it is slow, crowded, fails at times, or cannot even be asked', () => {
  expect(look({ failed: 11 })).toEqual({
    health: 'degraded',
    sentence: '11 of 100 statements of the last minute failed.',
  })
  expect(look({ inUse: 4, waiting: 2 }).sentence).toBe('All 4 connections are in use, and 2 callers wait for one.')
  expect(look({ answer: { ok: true, ms: 1_200, facts } })).toEqual({
    health: 'degraded',
    sentence: 'It takes 1.2 s to answer a simple question.',
  })
  expect(look({ answer: { ok: false, sentence: 'No connection was free.', exhausted: true } }).health).toBe('degraded')
  const flaw = { health: 'degraded', sentence: 'It takes no changes.' } as const
  expect(look({ answer: { ok: true, ms: 2, facts: { ...facts, flaw } } })).toEqual(flaw)
})

test('it is unhealthy when it is damaged, does not answer, or half of the statements fail; the worst thing is what is said', () => {
  expect(look({ failed: 51 }).health).toBe('unhealthy')
  expect(look({ answer: { ok: false, sentence: 'It cannot be reached.', exhausted: false } })).toEqual({
    health: 'unhealthy',
    sentence: 'It cannot be reached.',
  })
  expect(look({ damage: 'Page 7 is damaged.', failed: 51, inUse: 4, waiting: 9 })).toEqual({
    health: 'unhealthy',
    sentence: 'Page 7 is damaged.',
  })
})
