import { createDecipheriv, createHash, createHmac, hkdfSync, scryptSync } from 'node:crypto'
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

  constructor(folder: string, keys: OtherKeys | null = null) {
    for (const name of readdirSync(join(folder, 'packs'))) {
      const pack = readFileSync(join(folder, 'packs', name))
      expect(`${sha256(pack)}.pack`).toBe(name)
      expect(pack.toString('latin1', 0, 8)).toBe('WHPACK\r\n')
      expect(pack.toString('latin1', pack.length - 8)).toBe('WHPEND\r\n')
      const count = pack.readUInt32LE(pack.length - 48)
      const stored = pack.subarray(pack.length - 48 - 48 * count - (keys ? 28 : 0), pack.length - 48)
      expect(sha256(stored)).toBe(pack.toString('hex', pack.length - 40, pack.length - 8))
      expect(pack.readUInt32LE(8)).toBe(keys ? 2 : 1)
      const key = keys && derived(keys.of('packs'), pack.subarray(16, 48), 'wheelhouse pack')
      const directory = key ? unsealed(key, `directory of ${count}`, stored) : stored
      for (let at = 0; at < directory.length; at += 48) {
        const offset = directory.readUInt32LE(at + 36)
        const sealed = pack.subarray(offset, offset + directory.readUInt32LE(at + 40))
        const about = Buffer.concat([directory.subarray(at, at + 34), directory.subarray(at + 44, at + 48)])
        const stored = key ? unsealed(key, about, sealed) : sealed
        const bytes = directory[at + 33] === 1 ? zstdDecompressSync(stored) : stored
        expect(bytes.length).toBe(directory.readUInt32LE(at + 44))
        const id = keys ? createHmac('sha256', keys.of('ids')).update(bytes).digest('hex') : sha256(bytes)
        expect(id).toBe(directory.toString('hex', at, at + 32))
        this.#blobs.set(id, bytes)
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

/** The keys of an encrypted repository, from its description. */
class OtherKeys {
  readonly #master: Buffer
  readonly #repository: string

  constructor(master: Buffer, repository: string) {
    this.#master = master
    this.#repository = repository
  }

  static fromPassphrase(folder: string, passphrase: string): OtherKeys {
    const [name = ''] = readdirSync(join(folder, 'keys'))
    const [line = '', sum] = readFileSync(join(folder, 'keys', name), 'utf8').split('\n')
    expect(sha256(line)).toBe(sum)
    const { format, id, repository, label, createdAt, kdf, wrapped } = JSON.parse(line)
    const { algorithm, salt, N, r, p } = kdf
    const key = scryptSync(passphrase.normalize('NFKC'), Buffer.from(salt, 'base64'), 32, { N, r, p, maxmem: 2 ** 28 })
    const about = ['wheelhouse key', format, id, repository, label, createdAt, algorithm, salt, N, r, p]
    return new OtherKeys(unsealed(key, JSON.stringify(about), Buffer.from(wrapped, 'base64')), repository)
  }

  static fromKit(page: string, repository: string): OtherKeys {
    const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
    const text = /<pre class="key"[^>]*>([^<]*)<\/pre>/.exec(page)?.[1] ?? ''
    const rows = text.split('\n').map((row) => row.replace(/^\d\./, '').replace(/[ -]/g, ''))
    expect(rows.map(({ length }) => length)).toEqual(Array(9).fill(8))
    const bytes = rows.map((row) => {
      const value = [...row].reduce((sum, letter) => sum * 32n + BigInt(alphabet.indexOf(letter)), 0n)
      return Buffer.from(value.toString(16).padStart(10, '0'), 'hex')
    })
    const master = Buffer.concat(bytes.slice(0, 8).map((row) => row.subarray(0, 4)))
    bytes.slice(0, 8).forEach((row, at) => {
      const check = createHash('sha256')
        .update('wheelhouse row ')
        .update(Buffer.from([at]))
        .update(row.subarray(0, 4))
      expect(row[4]).toBe(check.digest()[0])
    })
    const whole = createHash('sha256').update('wheelhouse kit ').update(repository).update(master).digest()
    expect(bytes[8]).toEqual(whole.subarray(0, 5))
    return new OtherKeys(master, repository)
  }

  of(purpose: string): Buffer {
    return derived(this.#master, Buffer.from(this.#repository), `wheelhouse ${purpose}`)
  }

  /** What is in a file that is sealed whole. */
  open(folder: string, path: string): string {
    const file = readFileSync(join(folder, path))
    expect(file.toString('latin1', 0, 8)).toBe('WHSEAL\r\n')
    expect(sha256(file.subarray(0, -32))).toBe(file.toString('hex', file.length - 32))
    return unsealed(this.of('records'), path, file.subarray(16, -32)).toString()
  }
}

function derived(key: Buffer, salt: Buffer, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, 32))
}

function unsealed(key: Buffer, about: string | Buffer, sealed: Buffer): Buffer {
  const opening = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
  opening.setAAD(typeof about === 'string' ? Buffer.from(about) : about)
  opening.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([opening.update(sealed.subarray(12, -16)), opening.final()])
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

test('an encrypted repository can be read from its description alone, with the passphrase and with the kit', async () => {
  using folder = temporaryFolder()
  const site = join(folder.path, 'site')
  const repository = join(folder.path, 'backups')
  const passphrase = 'seven rusty ladders sing'
  mkdirSync(site)
  makeOddSite(site)
  let page: string
  {
    await using rig = await openBackupRig({ site, folder: repository, passphrase })
    await rig.backUp()
    const cause = { type: 'operator', via: 'command line' } as const
    page = (await rig.backups.encryption.kit({ site: 'bench', cause })).html
  }
  const config = JSON.parse(readFileSync(join(repository, 'config.json'), 'utf8'))
  const { id, createdAt, hash, cipher, chunker, seal } = config
  const sizes = [chunker.files, chunker.databases].flatMap(({ min, average, max }) => [min, average, max])
  const said = JSON.stringify(['wheelhouse config', 2, id, createdAt, hash, cipher, chunker.algorithm, ...sizes])
  const [name = ''] = readdirSync(join(repository, 'snapshots'))
  for (const keys of [OtherKeys.fromPassphrase(repository, passphrase), OtherKeys.fromKit(page, id)]) {
    expect(createHmac('sha256', keys.of('config')).update(said).digest('base64')).toBe(seal)
    const [line = '', sum] = keys.open(repository, `snapshots/${name}`).split('\n')
    expect(sha256(line)).toBe(sum)
    const snapshot = z.object({ tree: z.string(), files: z.number() }).parse(JSON.parse(line))
    const reader = new OtherReader(repository, keys)
    let files = 0
    reader.walk(snapshot.tree, (path, entry) => {
      if (entry.type !== 'file') return
      files++
      const content = Buffer.concat((entry.chunks ?? []).map((chunk) => reader.blob(chunk)))
      const original = Buffer.concat([Buffer.from(`${site}/`), Buffer.from(path, 'latin1')])
      if (path !== 'data/app.db') expect(content.equals(readFileSync(original))).toBe(true)
    })
    expect(files).toBe(snapshot.files)
    for (const index of readdirSync(join(repository, 'index'))) {
      expect(keys.open(repository, `index/${index}`).slice(0, 8)).toBe('WHINDX\r\n')
    }
  }
})
