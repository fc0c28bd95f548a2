import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openBackupRig } from '../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { lookIntoDatabase, makeOddSite } from '../../../../test/support/odd-site.ts'

/** A reader of repositories written from docs/backup-format.md alone: it shares no code with the one under test. */
class OtherReader {
  readonly #blobs = new Map<string, Buffer>()

  constructor(folder: string) {
    for (const name of readdirSync(join(folder, 'packs'))) {
      const pack = readFileSync(join(folder, 'packs', name))
      expect(`${sha256(pack)}.pack`).toBe(name)
      expect(pack.toString('latin1', 0, 8)).toBe('WHPACK\r\n')
      expect(pack.toString('latin1', pack.length - 8)).toBe('WHPEND\r\n')
      const count = pack.readUInt32LE(pack.length - 48)
      const directory = pack.subarray(pack.length - 48 - 48 * count, pack.length - 48)
      expect(sha256(directory)).toBe(pack.toString('hex', pack.length - 40, pack.length - 8))
      for (let at = 0; at < directory.length; at += 48) {
        const offset = directory.readUInt32LE(at + 36)
        const stored = pack.subarray(offset, offset + directory.readUInt32LE(at + 40))
        const bytes = directory[at + 33] === 1 ? zstdDecompressSync(stored) : stored
        expect(bytes.length).toBe(directory.readUInt32LE(at + 44))
        expect(sha256(bytes)).toBe(directory.toString('hex', at, at + 32))
        this.#blobs.set(sha256(bytes), bytes)
      }
    }
  }

  blob(id: string): Buffer {
    const bytes = this.#blobs.get(id)
    if (!bytes) throw new Error(`no blob ${id}`)
    return bytes
  }

  /** Calls `visit` for each entry below a tree with its path as bytes, one character each. */
  walk(tree: string, visit: (path: string, entry: Entry) => void, folder = ''): void {
    for (const entry of treeSchema.parse(JSON.parse(this.blob(tree).toString())).entries) {
      const name = entry.name === undefined ? Buffer.from(entry.name64 ?? '', 'base64') : Buffer.from(entry.name)
      const path = folder + name.toString('latin1')
      visit(path, entry)
      if (entry.tree) this.walk(entry.tree, visit, `${path}/`)
    }
  }
}

const entrySchema = z.object({
  type: z.enum(['folder', 'file', 'link']),
  name: z.string().optional(),
  name64: z.string().optional(),
  mode: z.number(),
  mtime: z.string(),
  tree: z.string().optional(),
  chunks: z.array(z.string()).optional(),
  target: z.string().optional(),
  target64: z.string().optional(),
})
type Entry = z.infer<typeof entrySchema>
const treeSchema = z.object({ format: z.literal(1), entries: z.array(entrySchema) })

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('a repository can be read from its description alone', async () => {
  using folder = temporaryFolder()
  const site = join(folder.path, 'site')
  const repository = join(folder.path, 'backups')
  mkdirSync(site)
  makeOddSite(site)
  {
    await using rig = await openBackupRig({ site, folder: repository })
    await rig.backUp()
  }
  expect(JSON.parse(readFileSync(join(repository, 'config.json'), 'utf8'))).toMatchObject({
    format: 2,
    hash: 'sha256',
    cipher: 'none',
  })
  const file = readdirSync(join(repository, 'snapshots'))[0] ?? ''
  const [line = '', sum] = readFileSync(join(repository, 'snapshots', file), 'utf8').split('\n')
  expect(sha256(line)).toBe(sum)
  const snapshot = z.object({ tree: z.string(), files: z.number() }).parse(JSON.parse(line))
  const reader = new OtherReader(repository)
  let files = 0
  reader.walk(snapshot.tree, (path, entry) => {
    const original = Buffer.concat([Buffer.from(`${site}/`), Buffer.from(path, 'latin1')])
    const stat = lstatSync(original, { bigint: true })
    // SQLite makes and removes a file in the folder of a database while it copies it.
    if (path !== 'data') expect(String(stat.mtimeNs)).toBe(entry.mtime)
    expect(Number(stat.mode & 0o7777n)).toBe(entry.mode)
    if (entry.type === 'link') expect(readlinkSync(original)).toBe(entry.target)
    if (entry.type !== 'file') return
    files++
    const content = Buffer.concat((entry.chunks ?? []).map((id) => reader.blob(id)))
    if (path !== 'data/app.db') expect(content.equals(readFileSync(original))).toBe(true)
    else {
      writeFileSync(join(folder.path, 'app.db'), content)
      expect(lookIntoDatabase(join(folder.path, 'app.db'))).toEqual({ rows: 500, sound: true })
    }
  })
  expect(files).toBe(snapshot.files)
})
