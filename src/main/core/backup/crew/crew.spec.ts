import { expect, test } from 'vitest'
import { noise } from '../../../../../test/support/odd-site.ts'
import { testRuntime } from '../../../../../test/support/runtime.ts'
import { readPack } from '../repository/pack-format.ts'
import { noProtection } from '../repository/protection.ts'
import { Crew } from './crew.ts'

const protection = noProtection()

/** Blobs as they are handed to a thread: one after the other in one buffer. */
function toPack(blobs: readonly Buffer[]) {
  const all = Buffer.concat(blobs)
  const bytes = new ArrayBuffer(all.length)
  new Uint8Array(bytes).set(all)
  let start = 0
  const pieces = blobs.map((blob) => {
    const piece = { id: protection.identity.idOf(blob), type: 'data' as const, start, length: blob.length }
    start += blob.length
    return piece
  })
  return { bytes, blobs: pieces, spare: [] }
}

test('a thread keeps its own packs, and hands over what it was given together with what it made', async () => {
  await using crew = new Crew(testRuntime(), protection, 2)
  const blobs = [noise(50_000, 1), noise(70_000, 2)]
  const input = toPack(blobs)
  const answer = await crew.ask('pack', input, { by: 0, transfer: [input.bytes] })
  expect(input.bytes.byteLength).toBe(0)
  expect(Buffer.from(answer.bytes).equals(Buffer.concat(blobs))).toBe(true)
  expect(answer.packs).toEqual([])
  expect((await crew.ask('flush', null, { by: 1 })).packs).toEqual([])
  const [pack] = (await crew.ask('flush', null, { by: 0 })).packs
  expect(readPack(Buffer.from(pack?.content ?? []), null)?.blobs.map(({ id }) => id)).toEqual(
    input.blobs.map(({ id }) => id),
  )
})

test('what fails is told to who asked, and the thread works on', async () => {
  await using crew = new Crew(testRuntime(), protection, 1)
  const files = [{ path: Buffer.from('/nowhere/at/all'), chunks: [] }]
  await expect(crew.ask('check-files', { files })).rejects.toThrow('ENOENT')
  expect(await crew.ask('check-files', { files: [] })).toBeNull()
})

test('who waits for a thread that is ended is told, and nothing is taken on after that', async () => {
  const crew = new Crew(testRuntime(), protection, 1)
  const content = new Uint8Array(noise(12_000_000, 1))
  const waiting = Promise.allSettled(
    Array.from({ length: 20 }, () => crew.ask('check-pack', { id: '0'.repeat(64), content, blobs: [] })),
  )
  await crew[Symbol.asyncDispose]()
  expect((await waiting).some(({ status }) => status === 'rejected')).toBe(true)
  await expect(crew.ask('flush', null)).rejects.toThrow('have ended')
})
