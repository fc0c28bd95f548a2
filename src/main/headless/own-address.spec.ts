import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { isOwnHost, isOwnOrigin, pageAddress } from './own-address.ts'

const own = { host: '127.0.0.1', port: 4410 }

test.each(['127.0.0.1:4410', 'localhost:4410', 'LOCALHOST:4410', '[::1]:4410'])('%s is this host', (header) => {
  expect(isOwnHost(header, own)).toBe(true)
})

test.each([
  undefined,
  '',
  '127.0.0.1',
  '127.0.0.1:4411',
  'evil.example:4410',
  'localhost.evil.example:4410',
  '192.168.1.20:4410',
  'user@127.0.0.1:4410',
  '127.0.0.1:4410/x',
  '127.0.0.1:4410 ',
])('%s is not this host', (header) => {
  expect(isOwnHost(header, own)).toBe(false)
})

test('beyond loopback, addresses and the machine’s own name are this host, other names still are not', () => {
  const everywhere = { host: '0.0.0.0', port: 4410 }
  expect(isOwnHost('192.168.1.20:4410', everywhere)).toBe(true)
  expect(isOwnHost('[fe80::1]:4410', everywhere)).toBe(true)
  expect(isOwnHost(`${hostname()}:4410`, everywhere)).toBe(true)
  expect(isOwnHost('evil.example:4410', everywhere)).toBe(false)
})

test('only the page of this very address is of its own origin', () => {
  expect(isOwnOrigin('http://127.0.0.1:4410', '127.0.0.1:4410', own)).toBe(true)
  expect(isOwnOrigin('http://localhost:4410', 'localhost:4410', own)).toBe(true)
  expect(isOwnOrigin(undefined, '127.0.0.1:4410', own)).toBe(false)
  expect(isOwnOrigin('null', '127.0.0.1:4410', own)).toBe(false)
  expect(isOwnOrigin('http://127.0.0.1:8101', '127.0.0.1:4410', own)).toBe(false)
  expect(isOwnOrigin('https://127.0.0.1:4410', '127.0.0.1:4410', own)).toBe(false)
  expect(isOwnOrigin('http://localhost:4410', '127.0.0.1:4410', own)).toBe(false)
  expect(isOwnOrigin('http://evil.example:4410', 'evil.example:4410', own)).toBe(false)
})

test('the address to open is one that works on this machine', () => {
  expect(pageAddress(own)).toBe('http://127.0.0.1:4410/')
  expect(pageAddress({ host: '0.0.0.0', port: 80 })).toBe('http://127.0.0.1:80/')
  expect(pageAddress({ host: '::1', port: 4410 })).toBe('http://[::1]:4410/')
})
