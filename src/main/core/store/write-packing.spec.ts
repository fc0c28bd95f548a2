import { expect, test } from 'vitest'
import type { UnitAnswer } from './write-packing.ts'
import { type HandedWrite, packOutcomes, unpackOutcomes, WritePacker, WriteUnpacker } from './write-packing.ts'

const insert = 'INSERT INTO t (a, b) VALUES (?, ?)'

test('writes come out as they went in, whatever their values are', () => {
  const writes: HandedWrite[] = [
    { id: 1, recordClass: 'event', statements: [{ sql: insert, values: ['x', null] }] },
    {
      id: 2_000_000_000_000,
      recordClass: 'journal',
      statements: [
        { sql: 'INSERT INTO u VALUES (?, ?)', values: [new Uint8Array([1, 2]), 5n], name: 'add to u' },
        { sql: 'DELETE FROM t' },
        { sql: 'DELETE FROM t', values: [] },
        { sql: 'UPDATE t SET a = :a', values: { a: 1.5 } },
      ],
    },
    { id: 3, recordClass: 'job', statements: [] },
  ]
  const packed = structuredClone(new WritePacker().pack(writes))
  expect(new WriteUnpacker().unpack(packed)).toEqual(writes)
})

test('a text is sent once, and texts without end do not fill the memory of either side', () => {
  const packer = new WritePacker()
  const unpacker = new WriteUnpacker()
  const write = (sql: string): HandedWrite => ({ id: 1, recordClass: 'event', statements: [{ sql, values: [1] }] })
  expect(packer.pack([write(insert), write(insert)]).texts).toHaveLength(1)
  expect(packer.pack([write(insert)]).texts).toEqual([])
  let texts = 0
  const other = new WritePacker()
  for (let n = 0; n < 5_000; n++) {
    const packed = other.pack([write(`SELECT ${n}`), write(insert)])
    texts = packed.forget ? packed.texts.length : texts + packed.texts.length
    expect(unpacker.unpack(packed)).toEqual([write(`SELECT ${n}`), write(insert)])
    expect(texts).toBeLessThan(1_100)
  }
})

test('outcomes come out as they went in', () => {
  const answers: UnitAnswer[] = [
    { id: 7, outcome: { results: [{ changes: 1, lastInsertRowid: 2 ** 42, rows: [] }] } },
    { id: 8, outcome: { failed: { code: 'SQLITE_FULL', message: 'no room' } } },
    {
      id: 9,
      outcome: {
        results: [
          { changes: 0, lastInsertRowid: 0, rows: [] },
          { changes: 1, lastInsertRowid: 3, rows: [{ id: 3 }] },
        ],
      },
    },
    { id: 10, outcome: { results: [] } },
  ]
  const told: UnitAnswer[] = []
  unpackOutcomes(structuredClone(packOutcomes(answers)), (id, outcome) => told.push({ id, outcome }))
  expect(told).toEqual(answers)
})
