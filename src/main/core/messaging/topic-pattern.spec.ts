import { describe, expect, it } from 'vitest'
import { sourceOf } from './route-source.ts'
import { dangerIn, isPattern, parsePattern } from './topic-pattern.ts'

describe('Regular expressions of routes', () => {
  it('are told from topic filters by the slash at both ends', () => {
    expect(isPattern('/^a$/')).toBe(true)
    expect(isPattern('/a/b')).toBe(false)
    expect(isPattern('/')).toBe(false)
    expect(isPattern('//')).toBe(false)
  })

  it.each(['^desk/\\d+/status$', '^(desk|kiosk)/[^/]+$', 'a{2,3}', '[(+)]+', '(?:a|b)c', '^.*/status$', '\\(\\)+'])(
    'allows "%s"',
    (source) => {
      expect(dangerIn(source)).toBeUndefined()
      expect('pattern' in parsePattern(`/${source}/`)).toBe(true)
    },
  )

  it.each(['(a+)+', '(a*)*$', '(a|aa)+', '((a+)b)*', '(a?){10}', '(\\d+)*x', '(.)\\1', '.*.*.*.*', 'a'.repeat(201)])(
    'refuses "%s", which may take too long',
    (source) => {
      expect(dangerIn(source)).toBeDefined()
    },
  )

  it('says what is wrong with one that cannot be read', () => {
    const parsed = parsePattern('/a[/')
    expect('mistake' in parsed && parsed.mistake.message).toMatch(/cannot be read/)
  })

  it('never match the broker’s own topics, and come to an end on a topic made to be slow, which would take days', () => {
    const source = sourceOf('/^.*a.*a.*b$/')
    if ('mistake' in source) throw new Error(source.mistake.message)
    expect(source.matches('$SYS/a/a/a/b')).toBe(false)
    expect(source.matches('a'.repeat(60_000))).toBe(false)
    source.matches('a'.repeat(200))
  })
})
