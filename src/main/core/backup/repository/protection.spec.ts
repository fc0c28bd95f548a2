import { createHmac, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { gearTable, keyedIdentity, plainIdentity } from './identity.ts'
import { newMasterKey } from './keys/master-key.ts'
import { noProtection, protectionOf } from './protection.ts'
import { seal, sealOverhead, unseal } from './sealed.ts'

test('a flipped bit anywhere, another key and another name are all noticed', () => {
  const key = randomBytes(32)
  const what = Buffer.from('snapshots/sn-1.json')
  const bytes = randomBytes(50)
  const sealed = seal(key, what, bytes)
  expect(sealed.length).toBe(bytes.length + sealOverhead)
  expect(unseal(key, what, sealed)).toEqual(bytes)
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = Buffer.from(sealed)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(unseal(key, what, flipped), `bit ${bit}`).toBeUndefined()
  }
  expect(unseal(randomBytes(32), what, sealed)).toBeUndefined()
  expect(unseal(key, Buffer.from('snapshots/sn-2.json'), sealed)).toBeUndefined()
  for (let length = 0; length < sealed.length; length++) {
    expect(unseal(key, what, sealed.subarray(0, length))).toBeUndefined()
  }
})

test('the same bytes are never sealed to the same', () => {
  const key = randomBytes(32)
  const what = Buffer.alloc(0)
  expect(seal(key, what, Buffer.from('x')).equals(seal(key, what, Buffer.from('x')))).toBe(false)
})

test('keyed ids are HMAC-SHA-256, whatever the length', () => {
  const key = randomBytes(32)
  const identity = keyedIdentity(key)
  for (const length of [0, 1, 63, 64, 65, 4096, 128 * 1024, 128 * 1024 + 1, 1_000_000]) {
    const bytes = randomBytes(length)
    expect(identity.idOf(bytes)).toBe(createHmac('sha256', key).update(bytes).digest('hex'))
  }
})

test('two repositories have neither ids nor cuts nor keys in common, though one key made both', () => {
  const master = newMasterKey()
  const [one, other] = [protectionOf(master, 'rp-1'), protectionOf(master, 'rp-2')]
  const bytes = Buffer.from('the same content')
  expect(one.identity.idOf(bytes)).not.toBe(other.identity.idOf(bytes))
  expect(one.identity.idOf(bytes)).not.toBe(plainIdentity.idOf(bytes))
  expect(one.gear).not.toEqual(other.gear)
  expect(one.gear).not.toEqual(gearTable(null))
  const sealed = one.sealing?.records.seal(bytes, bytes) ?? Buffer.alloc(0)
  expect(one.sealing?.records.open(bytes, sealed)).toEqual(bytes)
  expect(other.sealing?.records.open(bytes, sealed)).toBeUndefined()
})

test('each pack has a key of its own', () => {
  const { sealing } = protectionOf(newMasterKey(), 'rp-1')
  const [one, other] = [sealing?.newPack(), sealing?.newPack()]
  const what = Buffer.from('what')
  const sealed = one?.seal(what, Buffer.from('bytes')) ?? Buffer.alloc(0)
  expect(other?.open(what, sealed)).toBeUndefined()
  expect(sealing?.pack(one?.salt ?? Buffer.alloc(0)).open(what, sealed)).toEqual(Buffer.from('bytes'))
  expect(noProtection().sealing).toBeNull()
})
