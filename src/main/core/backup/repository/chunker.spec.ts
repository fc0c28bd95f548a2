import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { noise } from '../../../../../test/support/odd-site.ts'
import { Chunker, type ChunkSizes, databaseChunks, fileChunks } from './chunker.ts'
import { gearTable } from './identity.ts'

function cut(bytes: Buffer, sizes: ChunkSizes): number[] {
  const chunker = new Chunker(gearTable(null))
  const lengths: number[] = []
  for (let start = 0; start < bytes.length; ) {
    const length = chunker.cut(bytes, start, bytes.length, sizes)
    lengths.push(length)
    start += length
  }
  return lengths
}

function ids(bytes: Buffer, sizes: ChunkSizes): string[] {
  let start = 0
  return cut(bytes, sizes).map((length) => {
    start += length
    return hash('sha256', bytes.subarray(start - length, start), 'hex')
  })
}

test('cuts exactly where the format says: changing this makes every repository store everything again', () => {
  expect(cut(noise(2 * 1024 * 1024), databaseChunks)).toMatchInlineSnapshot(`
    [
      168993,
      185849,
      138465,
      147887,
      147289,
      214338,
      163344,
      147590,
      144157,
      135972,
      137340,
      134531,
      200737,
      30660,
    ]
  `)
})

test('chunks lie within their bounds and near their average', () => {
  const lengths = cut(noise(24 * 1024 * 1024), fileChunks)
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(24 * 1024 * 1024)
  for (const length of lengths.slice(0, -1)) {
    expect(length).toBeGreaterThanOrEqual(fileChunks.min)
    expect(length).toBeLessThanOrEqual(fileChunks.max)
  }
  expect(24 / lengths.length).toBeGreaterThan(0.7)
  expect(24 / lengths.length).toBeLessThan(1.6)
})

test('bytes that are put in at the front change the first chunks only', () => {
  const bytes = noise(4 * 1024 * 1024)
  const before = new Set(ids(bytes, databaseChunks))
  const after = ids(Buffer.concat([Buffer.from('inserted'), bytes]), databaseChunks)
  expect(after.filter((id) => !before.has(id)).length).toBeLessThanOrEqual(2)
})

test('zeros are cut at the greatest length, so that they are stored once', () => {
  const lengths = cut(Buffer.alloc(3 * databaseChunks.max + 5), databaseChunks)
  expect(lengths).toEqual([databaseChunks.max, databaseChunks.max, databaseChunks.max, 5])
})
