import { chmodSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { noise } from '../../../../../test/support/odd-site.ts'
import { testRuntime } from '../../../../../test/support/runtime.ts'
import { Crew } from '../crew/crew.ts'
import { BlobIndex } from './blob-index.ts'
import { FolderStorage } from './folder-storage.ts'
import { keys } from './layout.ts'
import { checkPacks, packsWith } from './pack-check.ts'
import { Packer } from './packer.ts'
import { noProtection } from './protection.ts'

const folder = temporaryFolder()
const protection = noProtection()
const storage = new FolderStorage(join(folder.path, 'backups'))
let crew: Crew
const idOf = (bytes: Buffer) => protection.identity.idOf(bytes)
const [small, large] = [noise(40_000, 1), noise(3_000_000, 2)]

beforeAll(async () => {
  crew = new Crew(testRuntime(), protection, 2)
  await storage.prepare()
})
afterAll(async () => {
  await crew[Symbol.asyncDispose]()
  storage[Symbol.dispose]()
  folder[Symbol.dispose]()
})

/** Two packs in the storage, one that is checked at once and one that a thread checks. */
async function stored() {
  const index = new BlobIndex()
  for (const bytes of [small, large]) {
    const packer = new Packer(protection)
    packer.add(idOf(bytes), 'data', bytes)
    packer.flush()
    for (const pack of packer.take().packs) {
      await storage.write(keys.pack(pack.id), pack.content)
      index.add(pack)
    }
  }
  const pathOf = (bytes: Buffer) => join(folder.path, 'backups', keys.pack(index.get(idOf(bytes))?.pack ?? ''))
  return { index, packs: packsWith(index, [idOf(small), idOf(large)]), pathOf }
}

async function faultsOf(packs: Parameters<typeof checkPacks>[0]) {
  const seen: number[] = []
  const faults = await checkPacks(packs, { storage, crew, onPack: (bytes) => seen.push(bytes) })
  return { faults: faults.map(({ pack, error }) => `${pack.slice(0, 6)} ${error.problem.message}`), seen }
}

test('packs that are what their names say have no fault', async () => {
  const { packs } = await stored()
  expect(packs).toHaveLength(2)
  const { faults, seen } = await faultsOf(packs)
  expect(faults).toEqual([])
  expect(seen.sort()).toEqual(packs.map(({ size }) => size).sort())
})

test.each([
  ['small', small],
  ['large', large],
])('a flipped bit in the %s one is found and named, and the other is good', async (_, bytes) => {
  const { packs, pathOf, index } = await stored()
  const content = readFileSync(pathOf(bytes))
  content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 1
  chmodSync(pathOf(bytes), 0o600)
  writeFileSync(pathOf(bytes), content)
  const { faults } = await faultsOf(packs)
  const pack = index.get(idOf(bytes))?.pack.slice(0, 6)
  expect(faults).toEqual([expect.stringMatching(new RegExp(`^${pack}.*its content has changed since it was written`))])
})

test('one that is gone, one that grew, and a piece that is another than its index says', async () => {
  const { packs, pathOf, index } = await stored()
  unlinkSync(pathOf(small))
  chmodSync(pathOf(large), 0o600)
  writeFileSync(pathOf(large), Buffer.concat([readFileSync(pathOf(large)), Buffer.from('x')]))
  expect((await faultsOf(packs)).faults.sort()).toEqual(
    [
      expect.stringContaining('it is not there'),
      expect.stringContaining('its content has changed since it was written'),
    ].sort((a, b) => (packs[0]?.id === index.get(idOf(small))?.pack ? 0 : String(a).localeCompare(String(b)))),
  )
  const again = await stored()
  const other = again.packs.map((pack) => ({
    ...pack,
    blobs: pack.blobs.map((blob) => ({ ...blob, id: 'f'.repeat(64) })),
  }))
  const { faults } = await faultsOf(other)
  expect(faults).toHaveLength(2)
  for (const fault of faults) expect(fault).toContain('a piece in it has changed since it was written')
})
