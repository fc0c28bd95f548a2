import { expect, test } from 'vitest'
import { appOrigin, pathOf } from './app-protocol.ts'
import { isOwnPage } from './navigation.ts'
import { isPermitted, mayRequest, permissionTable } from './permissions.ts'

test('of all permissions only writing to the clipboard is granted, and every refusal has its reason', () => {
  const granted = Object.entries(permissionTable).filter(([, { allowed }]) => allowed)
  expect(granted.map(([permission]) => permission)).toEqual(['clipboard-sanitized-write'])
  for (const { why } of Object.values(permissionTable)) expect(why.length).toBeGreaterThan(20)
})

test('it is granted to the top frame of the console’s own page alone', () => {
  expect(isPermitted('clipboard-sanitized-write', appOrigin, true)).toBe(true)
  expect(isPermitted('clipboard-sanitized-write', appOrigin, false)).toBe(false)
  expect(isPermitted('clipboard-sanitized-write', 'https://wheelhouse', true)).toBe(false)
  expect(isPermitted('clipboard-sanitized-write', `${appOrigin}.elsewhere`, true)).toBe(false)
})

test.each([
  ['app://wheelhouse/index.html', true],
  ['blob:app://wheelhouse/7c1e', true],
  ['data:image/png;base64,AA', true],
  ['app://elsewhere/index.html', false],
  ['app://wheelhouse.elsewhere/', false],
  ['file:///etc/passwd', false],
  ['http://127.0.0.1:8101/', false],
  ['ws://127.0.0.1:8101/', false],
  ['devtools://devtools/bundled/inspector.html', false],
])('a request to %s is let through: %s', (url, allowed) => {
  expect(mayRequest(url, false)).toBe(allowed)
})

test('developer tools load in development only', () => {
  expect(mayRequest('devtools://devtools/bundled/inspector.html', true)).toBe(true)
})

test.each([
  ['app://wheelhouse/index.html', true],
  ['app://wheelhouse/index.html#/services/api', true],
  ['app://wheelhouse/index.html?x', false],
  ['app://wheelhouse/assets/x.js', false],
  ['app://wheelhouse@elsewhere/index.html', false],
  ['javascript:alert(1)', false],
])('the page may be at %s: %s', (url, own) => {
  expect(isOwnPage(url)).toBe(own)
})

test.each([
  ['app://wheelhouse/a%20b.js?x#y', '/a%20b.js'],
  ['app://wheelhouse/../../etc/passwd', '/etc/passwd'],
  ['app://user@wheelhouse/', undefined],
  ['app://elsewhere/', undefined],
  ['https://wheelhouse/', undefined],
  ['rubbish', undefined],
])('the address %s names the path %s', (url, path) => {
  expect(pathOf(url)).toBe(path)
})
