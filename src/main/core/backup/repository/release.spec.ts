import { expect, test } from 'vitest'
import { release } from './release.ts'

test('memory is given back at once', () => {
  const bytes = new Uint8Array(1024 * 1024)
  expect(release(bytes)).toBe(true)
  expect(bytes.length).toBe(0)
})

test('memory that something else still needs is left alone', () => {
  const whole = new Uint8Array(1024 * 1024).fill(7)
  expect(release(whole.subarray(10, 20), whole)).toBe(false)
  expect(whole[0]).toBe(7)
})

test('small buffers share their memory, so it is never given back', () => {
  const [one, other] = [Buffer.from('one'), Buffer.from('other')]
  expect(release(one)).toBe(false)
  expect(String(other)).toBe('other')
})
