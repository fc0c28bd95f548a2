import { expect, test } from 'vitest'
import { searchWords, textMatcher, tokensOf } from './event-text.ts'

const found = (text: string, message: string, more: { subject?: string; kind?: string } = {}) =>
  textMatcher(searchWords(text))({ message, subject: 'service:api', kind: 'service.started', ...more })

test('a word is found as the beginning of a word in message, subject or kind, and every word must be', () => {
  expect(found('brok', 'The broker is up.')).toBe(true)
  expect(found('roker', 'The broker is up.')).toBe(false)
  expect(found('start api broker', 'The broker is up.')).toBe(true)
  expect(found('broker kiosk', 'The broker is up.')).toBe(false)
})

test('ids, addresses and paths are found with their signs, and by their parts', () => {
  const message = 'Could not reach 10.0.0.1:1883 for /srv/site/data/app.db (disk at 100%).'
  for (const text of [
    'service:api',
    '10.0.0.1:1883',
    '10.0.0',
    '/srv/site',
    'app.db',
    '100%',
    'data',
    '(disk',
    '1883',
  ]) {
    expect(found(text, message), text).toBe(true)
  }
  expect(found('100%', 'After 100 ms and 1000 tries.')).toBe(false)
  expect(found('10.0.0.1', 'From 10-0-0-1')).toBe(false)
  expect(found('0.0.1:1883', message)).toBe(true)
})

test('case and accents make no difference', () => {
  expect(found('cafe ÉTAGE', 'Le Café au 2e étage')).toBe(true)
  expect(found('Straße', 'straße 5')).toBe(true)
  expect(found('ｆｕｌｌ', 'full width')).toBe(true)
})

test('in scripts without spaces any part of a text is found', () => {
  expect(found('服务', '网络服务停止')).toBe(true)
  expect(found('务服', '网络服务停止')).toBe(false)
})

test('nothing that can be written has a meaning of its own', () => {
  for (const text of ['', '   ', '"api', 'api*', '"api"', "'api'", '(api)', 'api,', 'api.', 'a']) {
    expect(found(text, 'Started.'), text).toBe(true)
  }
  for (const text of ['NOT', 'OR broker', 'NEAR(api)', 'message:x', '^api-', '\u0000', '{}', '%', '_', '\\']) {
    expect(found(text, 'Started.'), text).toBe(false)
  }
  expect(found('%', 'disk at 100 %')).toBe(true)
  expect(found('*', 'a * b')).toBe(true)
})

test('tokens never hold white space or the sign that the index puts before them', () => {
  expect(tokensOf('ready_now a\u00a0b\n😀 c²')).toEqual(['ready', 'now', 'a', 'b', 'c2'])
})
