import { expect, test } from 'vitest'
import { parseFragment, takeToken } from './address-token.ts'

function place(hash: string, stored: Record<string, string> = {}) {
  const shown: string[] = []
  return {
    stored,
    shown,
    location: { hash, pathname: '/', search: '' },
    history: { replaceState: (_data: unknown, _unused: string, url: string) => void shown.push(url) },
    storage: {
      getItem: (name: string) => stored[name] ?? null,
      setItem: (name: string, value: string) => {
        stored[name] = value
      },
    },
  }
}

test.each([
  ['#token=abc-_1', 'abc-_1', ''],
  ['#token=abc&route=/services/api', 'abc', '#/services/api'],
  ['#/services/api?token=abc', 'abc', '#/services/api'],
  ['#/services/api?tab=log&token=abc', 'abc', '#/services/api?tab=log'],
  ['#/services/api?token=abc&tab=log', 'abc', '#/services/api?tab=log'],
  ['#/timeline?text=token', null, '#/timeline?text=token'],
  ['#token=', null, ''],
  ['', null, ''],
])('the fragment %s carries the token %s and leaves %s', (fragment, token, rest) => {
  expect(parseFragment(fragment)).toEqual({ token, rest })
})

test('a token is taken off the address at once and kept for the tab', () => {
  const page = place('#token=abc')
  expect(takeToken(page)).toBe('abc')
  expect(page.shown).toEqual(['/'])
  expect(takeToken(place('#/services', page.stored))).toBe('abc')
})

test('a new token replaces the one of the tab: the console was started again', () => {
  const page = place('#token=new', { 'wheelhouse.token': 'old' })
  expect(takeToken(page)).toBe('new')
  expect(page.stored).toEqual({ 'wheelhouse.token': 'new' })
})

test('an address without a token in a fresh tab has none, and is left as it is', () => {
  const page = place('#/services')
  expect(takeToken(page)).toBeNull()
  expect(page.shown).toEqual([])
})
