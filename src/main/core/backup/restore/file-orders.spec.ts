import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { noise } from '../../../../../test/support/odd-site.ts'
import { testRuntime } from '../../../../../test/support/runtime.ts'
import { Crew } from '../crew/crew.ts'
import { BlobIndex } from '../repository/blob-index.ts'
import { BlobReader } from '../repository/blob-reader.ts'
import { FolderStorage } from '../repository/folder-storage.ts'
import { keys } from '../repository/layout.ts'
import { Packer } from '../repository/packer.ts'
import { noProtection } from '../repository/protection.ts'
import type { FileEntry } from '../repository/tree.ts'
import { FileOrders } from './file-orders.ts'

const protection = noProtection()
const dress = { owner: null, mode: 0o640, time: 1_234_567_890 }

/** A repository with these pieces in it, and orders to write files of them. */
async function withPieces(folder: string, pieces: readonly Buffer[]) {
  const storage = new FolderStorage(join(folder, 'backups'))
  await storage.prepare()
  const index = new BlobIndex()
  const packer = new Packer(protection)
  for (const bytes of pieces) packer.add(protection.identity.idOf(bytes), 'data', bytes)
  packer.flush()
  for (const pack of packer.take().packs) {
    await storage.write(keys.pack(pack.id), pack.content)
    index.add(pack)
  }
  const crew = new Crew(testRuntime(), protection, 2)
  const done: number[] = []
  const reader = new BlobReader(storage, index)
  const orders = new FileOrders({ reader, crew, onFile: (bytes) => done.push(bytes) })
  const write = (name: string, parts: readonly Buffer[], more: Partial<FileEntry> = {}) =>
    orders.write(Buffer.from(join(folder, name)), fileOf(name, parts, more), dress)
  return {
    orders,
    done,
    write,
    packs: index.packs().map(({ id }) => join(folder, 'backups', keys.pack(id))),
    read: (name: string) => readFileSync(join(folder, name)),
    [Symbol.asyncDispose]: async () => {
      await crew[Symbol.asyncDispose]()
      storage[Symbol.dispose]()
    },
  }
}

function fileOf(name: string, parts: readonly Buffer[], more: Partial<FileEntry>): FileEntry {
  return {
    type: 'file',
    name,
    mode: 0o640,
    uid: 0,
    gid: 0,
    user: null,
    group: null,
    mtime: '0',
    size: parts.reduce((sum, { length }) => sum + length, 0),
    chunks: parts.map((bytes) => protection.identity.idOf(bytes)),
    look: { size: 0, mtime: '0', ctime: '0', inode: '0' },
    ...more,
  } as FileEntry
}

test('many small files, empty ones, and pieces that several share', async () => {
  using folder = temporaryFolder()
  const pieces = Array.from({ length: 30 }, (_, at) => noise(3_000 + at, at + 1))
  await using world = await withPieces(folder.path, pieces)
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = pieces
  for (let at = 0; at < 1_200; at++) await world.write(`file-${at}`, [pieces[at % 30] ?? first])
  await world.write('empty', [])
  await world.write('twice', [first, second, first])
  await world.orders.settled()
  expect(world.done).toHaveLength(1_202)
  for (let at = 0; at < 1_200; at++) expect(world.read(`file-${at}`).equals(pieces[at % 30] ?? first)).toBe(true)
  expect(world.read('empty')).toHaveLength(0)
  expect(world.read('twice').equals(Buffer.concat([first, second, first]))).toBe(true)
  expect(statSync(join(folder.path, 'twice'))).toMatchObject({ mtimeMs: 1_234_567_890_000 })
  expect(statSync(join(folder.path, 'twice')).mode & 0o777).toBe(0o640)
})

test('a large file is written in parts and is told of once, dressed when it is whole; holes stay holes', async () => {
  using folder = temporaryFolder()
  const pieces = Array.from({ length: 12 }, (_, at) => noise(1_000_000, at + 1))
  const hole = Buffer.alloc(8_000_000)
  await using world = await withPieces(folder.path, [...pieces, hole])
  await world.write('large', pieces)
  await world.write('sparse', [...pieces.slice(0, 5), ...Array.from({ length: 10 }, () => hole)], { sparse: true })
  await world.orders.settled()
  expect(world.done.sort((a, b) => a - b)).toEqual([12_000_000, 85_000_000])
  expect(world.read('large').equals(Buffer.concat(pieces))).toBe(true)
  const sparse = statSync(join(folder.path, 'sparse'))
  expect(sparse.size).toBe(85_000_000)
  expect(sparse.blocks * 512).toBeLessThan(6_000_000)
  expect(sparse.mode & 0o777).toBe(0o640)
  expect(
    world
      .read('sparse')
      .subarray(0, 5_000_000)
      .equals(Buffer.concat(pieces.slice(0, 5))),
  ).toBe(true)
})

test('a piece that is damaged is named, and nothing more is taken on', async () => {
  using folder = temporaryFolder()
  const pieces = [noise(700_000, 1), noise(700_000, 2)]
  await using world = await withPieces(folder.path, pieces)
  const [pack = ''] = world.packs
  const content = readFileSync(pack)
  content[1_000_000] = (content[1_000_000] ?? 0) ^ 8
  chmodSync(pack, 0o600)
  writeFileSync(pack, content)
  await world.write('good', [pieces[0] ?? Buffer.alloc(0)])
  await world.write('bad', pieces)
  await expect(world.orders.settled()).rejects.toMatchObject({ problem: { code: 'repository-damaged' } })
  await expect(world.write('more', pieces)).rejects.toMatchObject({ problem: { code: 'repository-damaged' } })
  expect(existsSync(join(folder.path, 'more'))).toBe(false)
})

test('a file that is there already is not written into', async () => {
  using folder = temporaryFolder()
  const pieces = [noise(300_000, 1)]
  await using world = await withPieces(folder.path, pieces)
  writeFileSync(join(folder.path, 'mine'), 'mine')
  await world.write('mine', pieces)
  await expect(world.orders.settled()).rejects.toMatchObject({ code: 'EEXIST' })
  expect(String(world.read('mine'))).toBe('mine')
})
