import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { ConsoleError } from '#shared/problem.ts'
import { openBackupRig } from '../../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { makeDatabase } from '../../../../../test/support/odd-site.ts'
import { differences, listTree } from '../../../../../test/support/tree-listing.ts'
import { eventKinds } from '../event-kinds.ts'

// Each opening costs half a second of one processor on purpose, and helpers are started by the dozen.
vi.setConfig({ testTimeout: 240_000 })

const passphrase = 'seven rusty ladders sing'
const another = 'eight green kettles hum'
const cause = { type: 'operator', via: 'command line' } as const
const secretText = 'the grades of all students, which nobody may read'

function places(folder: string) {
  const site = join(folder, 'site')
  mkdirSync(join(site, 'data'), { recursive: true })
  mkdirSync(join(site, 'code-of-the-lab'))
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\nsite: bench\n')
  writeFileSync(join(site, 'code-of-the-lab', 'api.mjs'), 'export default 1\n'.repeat(3_000))
  writeFileSync(join(site, 'data', 'grades.txt'), `${secretText}\n`.repeat(2_000))
  makeDatabase(join(site, 'data', 'app.db'), 300)
  return { site, repository: join(folder, 'backups') }
}

/** The site without its database: a copy of it made by SQLite is the same to whoever asks it, not byte for byte. */
function listed(site: string) {
  return new Map([...listTree(site)].filter(([path]) => !path.includes('app.db')))
}

/** Every file below a folder, with its path. */
function filesOf(
  folder: string,
): readonly { readonly path: string; readonly name: string; readonly content: Buffer }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, name: path.slice(folder.length + 1), content: readFileSync(path) }))
}

function rewrite(file: string, change: (content: Buffer) => Buffer | string): void {
  const content = readFileSync(file)
  chmodSync(file, 0o600)
  writeFileSync(file, change(content))
}

async function refusal(work: Promise<unknown>): Promise<{ code: string; message: string; remedy: string }> {
  try {
    await work
  } catch (error) {
    if (error instanceof ConsoleError) return error.problem
    throw error
  }
  throw new Error('it was not refused')
}

test('an encrypted repository takes backups and gives them back, and nothing in it can be read', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  const before = listed(site)
  {
    await using rig = await openBackupRig({ site, folder: repository, passphrase })
    expect(rig.backups.overview().encryption).toMatchObject({ on: true, configured: true, locked: null })
    const snapshot = await rig.backUp()
    expect(rig.backups.snapshots()[0]).toMatchObject({ id: snapshot, verified: { ok: true } })
    writeFileSync(join(site, 'data', 'grades.txt'), 'overwritten')
    expect(await rig.restore()).toMatchObject({ state: 'completed' })
    expect(differences(before, listed(site))).toEqual([])
    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(readFileSync(join(site, 'data', 'grades.txt'), 'utf8')).toBe('overwritten')
  }
  expect(JSON.parse(readFileSync(join(repository, 'config.json'), 'utf8'))).toMatchObject({
    format: 2,
    cipher: 'aes-256-gcm',
    hash: 'hmac-sha256',
  })
  for (const { name, content } of filesOf(repository)) {
    const text = content.toString('latin1')
    for (const plain of [
      secretText,
      'api.mjs',
      'grades',
      'app.db',
      'SQLite format',
      'code-of-the-lab',
      'Bench',
      site,
    ]) {
      // The lock is an SQLite database of its own, of one page and without content.
      if (plain === 'SQLite format' && name.endsWith('lock.db')) continue
      expect(text.includes(plain), `${plain} in ${name}`).toBe(false)
    }
    for (const never of [passphrase, Buffer.from(passphrase).toString('base64')]) expect(text).not.toContain(never)
  }
})

test('the console reads them again with the passphrase of the secrets file, and unchanged files cost nothing', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  {
    await using rig = await openBackupRig({ site, folder: repository, passphrase })
    await rig.backUp()
  }
  await using rig = await openBackupRig({ site, folder: repository, passphrase })
  expect(rig.backups.snapshots()).toHaveLength(1)
  await rig.backUp()
  const [first, second] = rig.backups.snapshots()
  expect(second?.added ?? Number.POSITIVE_INFINITY).toBeLessThan((first?.added ?? 0) / 4)
})

test('the same content in two repositories has no id and no chunk in common', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  const names = async (at: string) => {
    await using rig = await openBackupRig({ site, folder: at, passphrase })
    await rig.backUp()
    return new Set(filesOf(at).map(({ content }) => content.toString('latin1')))
  }
  const [one, other] = [await names(repository), await names(`${repository}-2`)]
  one.delete('')
  const shared = [...one].filter((content) => other.has(content))
  // The lock's empty database is all that is the same.
  expect(shared.filter((content) => content.length > 100 && !content.startsWith('SQLite format'))).toEqual([])
})

test('without the passphrase the backups are locked and say so; a wrong one is a sentence; the right one opens them', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  {
    await using rig = await openBackupRig({ site, folder: repository, passphrase })
    await rig.backUp()
  }
  await using rig = await openBackupRig({ site, folder: repository, passphrase: null })
  expect(rig.backups.overview().encryption).toMatchObject({ on: true, locked: expect.stringContaining('encrypted') })
  expect(rig.backups.snapshots()).toEqual([])
  expect(rig.attention.open().map(({ id }) => id)).toContain('backup-locked')
  expect((await refusal(rig.backups.plan(null))).code).toBe('backups-locked')
  const job = await rig.jobs.finished((await rig.backups.create({ kind: 'full', note: '', cause })).job)
  expect(job).toMatchObject({ state: 'failed', message: expect.stringContaining('encrypted') })
  const wrong = await refusal(rig.backups.encryption.unlock({ secret: another, cause }))
  expect(wrong).toMatchObject({ code: 'passphrase-wrong', message: expect.stringContaining('does not open') })
  expect(wrong.message).not.toContain(another)
  expect(await rig.backups.encryption.unlock({ secret: passphrase, cause })).toEqual({ by: 'passphrase' })
  expect(rig.backups.snapshots()).toHaveLength(1)
  expect(rig.attention.open().map(({ id }) => id)).not.toContain('backup-locked')
  expect(await rig.restore()).toMatchObject({ state: 'completed' })
})

test('a recovery kit is made on purpose only, opens everything without the secrets file or key files, and is proven by decrypting', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  const before = listed(site)
  let kit: string
  {
    await using rig = await openBackupRig({ site, folder: repository, passphrase })
    await rig.backUp()
    expect(rig.attention.open()).toContainEqual(expect.objectContaining({ id: 'backup-kit' }))
    const { encryption } = rig.backups
    expect((await refusal(encryption.kit({ site: 'another', cause }))).code).toBe('confirmation-needed')
    kit = (await encryption.kit({ site: 'bench', cause })).html
    const made = await rig.events.page({ limit: 5, kind: eventKinds.kitMade })
    expect(made.events).toHaveLength(1)
    expect(JSON.stringify(made.events)).not.toMatch(/[0-9A-Z]{4}-[0-9A-Z]{4}/)
    expect(rig.attention.open()).toContainEqual(expect.objectContaining({ id: 'backup-kit' }))
    expect((await refusal(encryption.proveKit({ kit: passphrase, cause }))).code).toBe('kit-unreadable')
    const proven = await encryption.proveKit({ kit, cause })
    expect(proven.sentence).toContain('decrypted')
    expect(rig.backups.overview().encryption.kit).toMatchObject({ proven: { at: proven.at }, failed: null })
    expect(rig.attention.open().map(({ id }) => id)).not.toContain('backup-kit')
  }
  rmSync(join(repository, 'keys'), { recursive: true })
  writeFileSync(join(site, 'data', 'grades.txt'), 'lost')
  await using rig = await openBackupRig({ site, folder: repository, passphrase: null })
  expect(await rig.backups.encryption.unlock({ secret: kit, cause })).toEqual({ by: 'kit' })
  expect(await rig.restore()).toMatchObject({ state: 'completed' })
  expect(differences(before, listed(site))).toEqual([])
})

test('a proof fails when what it would have to restore cannot be decrypted, is remembered as failed, and is asked for again', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  await using rig = await openBackupRig({ site, folder: repository, passphrase })
  await rig.backUp()
  const { html } = await rig.backups.encryption.kit({ site: 'bench', cause })
  for (const { path, name } of filesOf(repository)) {
    if (name.startsWith('packs/'))
      rewrite(path, (content) => content.map((byte, at) => (at > 60 ? byte ^ 1 : byte)) as Buffer)
  }
  expect((await refusal(rig.backups.encryption.proveKit({ kit: html, cause }))).code).toBe('repository-damaged')
  expect(rig.backups.overview().encryption.kit.failed).not.toBeNull()
  expect(rig.attention.open()).toContainEqual(expect.objectContaining({ id: 'backup-kit', severity: 'error' }))
})

test('the passphrase is changed, added and removed; the old one opens nothing then, and the kit stays good', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  let kit: string
  {
    await using rig = await openBackupRig({ site, folder: repository, passphrase })
    await rig.backUp()
    const { encryption } = rig.backups
    kit = (await encryption.kit({ site: 'bench', cause })).html
    const [only] = await encryption.keys()
    expect((await refusal(encryption.remove({ key: only?.id ?? '', cause }))).code).toBe('key-last')
    expect((await refusal(encryption.add({ passphrase: 'short', label: '', cause }))).code).toBe('passphrase-weak')
    await encryption.add({ passphrase: another, label: 'the office', cause })
    expect((await encryption.keys()).map(({ label }) => label)).toEqual(['', 'the office'])
    await encryption.remove({ key: only?.id ?? '', cause })
    expect(await encryption.keys()).toHaveLength(1)
  }
  await using rig = await openBackupRig({ site, folder: repository, passphrase: null })
  expect((await refusal(rig.backups.encryption.unlock({ secret: passphrase, cause }))).code).toBe('passphrase-wrong')
  expect(await rig.backups.encryption.unlock({ secret: another, cause })).toEqual({ by: 'passphrase' })
  const changed = await rig.backups.encryption.change({ passphrase: 'nine paper lanterns float', key: null, cause })
  expect(changed.removed).not.toBeNull()
  expect((await rig.backups.encryption.keys()).map(({ id }) => id)).toEqual([changed.key])
  await rig.backups.encryption.proveKit({ kit, cause })
})

test('encryption is not turned on for a repository that has none, nor is a repository ever mixed', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  {
    await using rig = await openBackupRig({ site, folder: repository })
    await rig.backUp()
  }
  const before = filesOf(repository).map(({ name }) => name)
  await using rig = await openBackupRig({ site, folder: repository, passphrase })
  const job = await rig.jobs.finished((await rig.backups.create({ kind: 'full', note: '', cause })).job)
  expect(job).toMatchObject({ state: 'failed', message: expect.stringContaining('not encrypted') })
  expect(job.remedy).toContain('new, empty folder')
  expect((await refusal(rig.backups.plan(null))).code).toBe('repository-not-encrypted')
  expect(filesOf(repository).map(({ name }) => name)).toEqual(before)
})

test('a repository of format 1 is read and written on as it is; a new one is made in format 2', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  const config = join(repository, 'config.json')
  {
    await using rig = await openBackupRig({ site, folder: repository })
    await rig.backUp()
  }
  expect(JSON.parse(readFileSync(config, 'utf8'))).toMatchObject({ format: 2, cipher: 'none' })
  // As a console of before made it: nothing else differs.
  rewrite(config, (content) => content.toString().replace('"format": 2', '"format": 1'))
  await using rig = await openBackupRig({ site, folder: repository })
  expect(rig.backups.snapshots()).toHaveLength(1)
  await rig.backUp()
  expect(await rig.restore()).toMatchObject({ state: 'completed' })
  expect(JSON.parse(readFileSync(config, 'utf8'))).toMatchObject({ format: 1 })
})

test('config.json that was edited to say that nothing is encrypted is not believed, whatever site.yaml says', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  {
    await using rig = await openBackupRig({ site, folder: repository, passphrase })
    await rig.backUp()
  }
  const config = join(repository, 'config.json')
  const true_ = readFileSync(config)
  const { id, createdAt, chunker } = JSON.parse(true_.toString())
  for (const format of [1, 2]) {
    const plain = {
      format,
      id,
      createdAt,
      hash: 'sha256',
      cipher: 'none',
      chunker: { ...chunker, algorithm: 'gear-1' },
    }
    rewrite(config, () => JSON.stringify(plain))
    for (const given of [passphrase, undefined]) {
      await using rig = await openBackupRig({ site, folder: repository, ...(given && { passphrase: given }) })
      const job = await rig.jobs.finished((await rig.backups.create({ kind: 'full', note: '', cause })).job)
      expect(job).toMatchObject({ state: 'failed', message: expect.stringContaining('changed') })
    }
  }
  for (const edited of [{ createdAt: createdAt + 1 }, { chunker: { ...chunker, files: chunker.databases } }]) {
    rewrite(config, () => JSON.stringify({ ...JSON.parse(true_.toString()), ...edited }))
    await using rig = await openBackupRig({ site, folder: repository, passphrase })
    expect((await refusal(rig.backups.plan(null))).code).toBe('repository-altered')
  }
  const packs = filesOf(repository).filter(({ name }) => name.startsWith('packs/'))
  expect(packs.every(({ content }) => !content.includes(secretText))).toBe(true)
})

test('a flipped bit in any file of the repository is noticed and never restored', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  {
    await using rig = await openBackupRig({ site, folder: repository, passphrase })
    await rig.backUp()
  }
  const kinds = ['packs/', 'snapshots/', 'keys/', 'config.json']
  for (const kind of kinds) {
    const [{ path, content } = { path: '', content: Buffer.alloc(0) }] = filesOf(repository).filter(({ name }) =>
      name.startsWith(kind),
    )
    for (const at of [20, content.length - 3]) {
      rewrite(path, (bytes) => {
        const flipped = Buffer.from(bytes)
        flipped[at] = (flipped[at] ?? 0) ^ 4
        return flipped
      })
      await using rig = await openBackupRig({ site, folder: repository, passphrase })
      const snapshot = rig.backups.snapshots()[0]
      if (snapshot) {
        const { job } = await rig.backups.verify({ snapshot: snapshot.id, cause })
        expect(await rig.jobs.finished(job), `${kind} at ${at}`).toMatchObject({ state: 'failed' })
      } else {
        const told = rig.backups.overview()
        expect(told.note, `${kind} at ${at}`).not.toBeNull()
      }
      rewrite(path, () => content)
      rmSync(join(repository, 'damaged.json'), { force: true })
    }
  }
})

test('snapshot files that change places, and blobs that change packs, are refused', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  {
    await using rig = await openBackupRig({ site, folder: repository, passphrase })
    await rig.backUp()
    writeFileSync(join(site, 'data', 'grades.txt'), 'new grades\n'.repeat(50_000))
    await rig.backUp()
  }
  const [one = '', other = ''] = readdirSync(join(repository, 'snapshots')).map((name) =>
    join(repository, 'snapshots', name),
  )
  renameSync(one, `${one}.x`)
  renameSync(other, one)
  renameSync(`${one}.x`, other)
  {
    await using rig = await openBackupRig({ site, folder: repository, passphrase })
    expect(rig.backups.snapshots()).toEqual([])
    expect(rig.backups.overview().note).toContain('exchanged or forged')
  }
  renameSync(one, `${one}.x`)
  renameSync(other, one)
  renameSync(`${one}.x`, other)
  // The header of one pack, with its salt, before the blobs of another.
  const packs = filesOf(repository).filter(({ name }) => name.startsWith('packs/'))
  const [small, large] = [...packs].sort((a, b) => a.content.length - b.content.length)
  if (!small || !large || small === large) throw new Error('two packs are needed')
  rewrite(large.path, (content) => Buffer.concat([small.content.subarray(0, 48), content.subarray(48)]))
  await using rig = await openBackupRig({ site, folder: repository, passphrase })
  const outcomes: string[] = []
  for (const { id } of rig.backups.snapshots()) {
    outcomes.push((await rig.jobs.finished((await rig.backups.verify({ snapshot: id, cause })).job)).state)
  }
  expect(outcomes).toContain('failed')
})

test('key files of other backups, cut off ones and those that ask for too much are told, each as what it is', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  const foreign = `${repository}-2`
  for (const at of [repository, foreign]) {
    await using rig = await openBackupRig({ site, folder: at, passphrase })
    await rig.backUp()
  }
  const keyOf = (at: string) => join(at, 'keys', readdirSync(join(at, 'keys'))[0] ?? '')
  const own = readFileSync(keyOf(repository))
  const ownName = keyOf(repository)
  const told = async () => {
    await using rig = await openBackupRig({ site, folder: repository, passphrase })
    return rig.backups.overview().encryption.locked
  }
  writeFileSync(ownName.replace(/ky-.*$/, keyOf(foreign).split('/').at(-1) ?? ''), readFileSync(keyOf(foreign)))
  expect(await told()).toBeNull() // The right one is found beside the wrong one.
  rmSync(ownName)
  expect(await told()).toContain('belongs to other backups')
  rmSync(join(repository, 'keys'), { recursive: true })
  expect(await told()).toContain('key files are gone')
  mkdirSync(join(repository, 'keys'))
  writeFileSync(ownName, own.subarray(0, own.length / 2))
  expect(await told()).toContain('is damaged')
})

test('a secret that was changed here and not there is named, without what is in it', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  {
    await using rig = await openBackupRig({ site, folder: repository, passphrase })
    await rig.backUp()
  }
  await using rig = await openBackupRig({ site, folder: repository, passphrase: another })
  const { locked } = rig.backups.overview().encryption
  expect(locked).toContain('the secret BACKUP does not open')
  expect(locked).not.toContain(another)
})

test('a new repository is not made with a weak passphrase, nor without one that is asked for', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  for (const given of ['short', null]) {
    await using rig = await openBackupRig({ site, folder: repository, passphrase: given })
    const job = await rig.jobs.finished((await rig.backups.create({ kind: 'full', note: '', cause })).job)
    expect(job.state).toBe('failed')
    expect(job.message).toMatch(/passphrase/)
    expect(readdirSync(folder.path).includes('backups') && readdirSync(repository).includes('config.json')).toBe(false)
  }
})
