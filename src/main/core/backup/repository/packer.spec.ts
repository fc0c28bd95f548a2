import { hash, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { noise } from '../../../../../test/support/odd-site.ts'
import { unpacked } from './blob-codec.ts'
import { readPack } from './pack-format.ts'
import { type FinishedPack, Packer } from './packer.ts'
import { noProtection, type Protection, protectionOf } from './protection.ts'

const megabyte = 1024 * 1024
const kinds: Readonly<Record<string, () => Protection>> = {
  plain: noProtection,
  encrypted: () => protectionOf(randomBytes(32), 'rp-0'),
}

/** What lies in packs, by id, read back as anybody reads them: by their own directories. */
function contents(packs: readonly FinishedPack[], protection: Protection): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  for (const { id, size, content, salt, blobs } of packs) {
    expect(hash('sha256', content, 'hex')).toBe(id)
    expect(content.length).toBe(size)
    const said = readPack(Buffer.from(content), protection.sealing)
    expect(said?.blobs).toEqual(blobs)
    expect(said?.salt).toBe(salt)
    for (const blob of blobs) {
      const stored = content.subarray(blob.offset, blob.offset + blob.stored)
      found.set(blob.id, unpacked({ ...blob, salt }, stored, protection))
    }
  }
  return found
}

describe.each(Object.entries(kinds))('packs of a repository that is %s', (_, make) => {
  test('hold what was put in, pieces and listings in one pack where they fit', () => {
    const protection = make()
    const packer = new Packer(protection)
    const put = new Map<string, Uint8Array>()
    const add = (type: 'data' | 'tree', bytes: Buffer) => {
      const id = protection.identity.idOf(bytes)
      put.set(id, bytes)
      packer.add(id, type, bytes)
    }
    add('data', noise(300_000, 1))
    add('tree', Buffer.from(JSON.stringify({ format: 1, entries: [] })))
    add('data', Buffer.alloc(1_000_000))
    add('data', Buffer.alloc(0))
    expect(packer.take().packs).toEqual([])
    packer.flush()
    const { packs } = packer.take()
    expect(packs).toHaveLength(1)
    const found = contents(packs, protection)
    expect(new Set(found.keys())).toEqual(new Set(put.keys()))
    for (const [id, bytes] of put) expect(Buffer.from(found.get(id) ?? []).equals(bytes)).toBe(true)
    packer.flush()
    expect(packer.take()).toEqual({ packs: [], added: 0 })
  })

  test('are closed at 16 MiB, and one is filled in the memory of another without any of that being left in it', () => {
    const protection = make()
    const packer = new Packer(protection)
    const blobs = Array.from({ length: 36 }, (_, at) => noise(megabyte, at + 1))
    const packs: FinishedPack[] = []
    let added = 0
    for (const bytes of blobs) {
      packer.add(protection.identity.idOf(bytes), 'data', bytes)
      const taken = packer.take()
      added += taken.added
      for (const pack of taken.packs) {
        packs.push({ ...pack, content: new Uint8Array(pack.content) })
        pack.content.fill(0xff)
        packer.reuse(pack.content.buffer)
      }
    }
    packer.flush()
    packs.push(...packer.take().packs)
    expect(packs).toHaveLength(3)
    for (const { size } of packs.slice(0, 2)) expect(Math.round(size / megabyte)).toBe(16)
    expect(added).toBeGreaterThanOrEqual(36 * megabyte)
    const found = contents(packs, protection)
    for (const bytes of blobs) {
      expect(bytes.equals(found.get(protection.identity.idOf(bytes)) ?? Buffer.alloc(0))).toBe(true)
    }
  })

  test('hold a blob larger than their memory, and many small ones', () => {
    const protection = make()
    const packer = new Packer(protection)
    const large = noise(20 * megabyte, 3)
    const small = Array.from({ length: 3_000 }, (_, at) => Buffer.from(`listing ${at}`))
    packer.add(protection.identity.idOf(large), 'data', large)
    for (const bytes of small) packer.add(protection.identity.idOf(bytes), 'tree', bytes)
    packer.flush()
    const found = contents(packer.take().packs, protection)
    expect(found.size).toBe(3_001)
    expect(large.equals(found.get(protection.identity.idOf(large)) ?? Buffer.alloc(0))).toBe(true)
  })
})
