import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { SiteDefinition, TargetDefinition } from '#core/config/index.ts'
import type { VolumePlace } from '#core/platform/index.ts'
import { type BackupRig, openBackupRig } from '../../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { makeDatabase, noise } from '../../../../../test/support/odd-site.ts'
import { type S3TestServer, startS3Server } from '../../../../../test/support/s3-server.ts'
import { siteOf } from '../../../../../test/support/site-definition.ts'
import { smallDisk } from '../../../../../test/support/small-disk.ts'
import { until } from '../../../../../test/support/until.ts'

const cause = { type: 'operator', via: 'command line' } as const
const secrets = (name: string) => (name === 'WRONG' ? 'nobody' : 'S3RVER')

function places(folder: string) {
  const site = join(folder, 'site')
  mkdirSync(join(site, 'data'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  writeFileSync(join(site, 'data', 'noise.bin'), noise(300_000))
  makeDatabase(join(site, 'data', 'app.db'), 200)
  return { site, repository: join(folder, 'backups'), copy: join(folder, 'copy') }
}

function definitionWith(copies: Readonly<Record<string, TargetDefinition>>): () => SiteDefinition {
  const definition = siteOf([])
  return () => ({ ...definition, backup: { ...definition.backup, copies } })
}

function bucket({ address }: S3TestServer, key = 'KEY'): TargetDefinition {
  const { endpoint, bucket: name, prefix, region, pathStyle, ca } = address
  const secret = (of: string) => `\${secrets.${of}}`
  return {
    kind: 's3',
    endpoint,
    bucket: name,
    prefix,
    region,
    pathStyle,
    ca,
    accessKey: secret(key),
    secretKey: secret('SECRET'),
  }
}

async function copyTo(rig: BackupRig, copy: string) {
  return rig.jobs.finished((await rig.backups.copy({ copy, cause })).job)
}

/** Its snapshots are there, and the job that brought them is over. */
const isCopied = (rig: BackupRig, copy: string, snapshots: number) =>
  rig.state.slice('targets').get(copy)?.snapshots === snapshots && rig.jobs.running().length === 0

const viewOf = async (rig: BackupRig, id: string) => (await rig.backups.targets()).find((target) => target.id === id)

describe('a copy of the backups', () => {
  test('in a folder follows each backup by itself, takes only what is new, and is a repository of its own', async () => {
    using folder = temporaryFolder()
    const { site, repository, copy } = places(folder.path)
    const definition = definitionWith({ second: { kind: 'folder', folder: copy } })
    await using rig = await openBackupRig({ site, folder: repository, definition })
    expect(await viewOf(rig, 'second')).toMatchObject({ state: 'empty', behind: 0 })
    await rig.backUp()
    await until('the copy is up to date', () => isCopied(rig, 'second', 1))
    const pack = join(copy, 'packs', readdirSync(join(copy, 'packs'))[0] ?? '')
    const before = statSync(pack).mtimeMs
    writeFileSync(join(site, 'data', 'more.bin'), noise(100_000, 9))
    await rig.backUp()
    await until('the copy is up to date again', () => isCopied(rig, 'second', 2))

    expect(statSync(pack).mtimeMs).toBe(before)
    expect(readdirSync(join(copy, 'packs')).sort()).toEqual(readdirSync(join(repository, 'packs')).sort())
    expect(await viewOf(rig, 'second')).toMatchObject({ state: 'ready', behind: 0, snapshots: 2 })
    // Another console reads it as its own backups.
    rmSync(repository, { recursive: true })
    unlinkSync(join(site, 'data', 'noise.bin'))
    await rig[Symbol.asyncDispose]()
    await using other = await openBackupRig({ site, folder: copy })
    expect(await other.restore()).toMatchObject({ state: 'completed' })
    expect(readFileSync(join(site, 'data', 'noise.bin')).equals(noise(300_000))).toBe(true)
  })

  test('goes on where it was cut off, in a bucket', async () => {
    using folder = temporaryFolder()
    await using server = await startS3Server()
    const { site, repository } = places(folder.path)
    let there = false
    const definition = definitionWith({ offsite: bucket(server) })
    await using rig = await openBackupRig({
      site,
      folder: repository,
      secrets,
      definition: () => (there ? definition() : siteOf([])),
    })
    await rig.backUp()
    there = true
    server.fault({ method: 'PUT', key: /index|snapshots/, what: 'status', status: 403, code: 'AccessDenied', times: 1 })
    expect(await copyTo(rig, 'offsite')).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('not allowed'),
    })
    expect(rig.attention.open().map(({ id }) => id)).toContain('backup-copy-offsite')
    expect(await viewOf(rig, 'offsite')).toMatchObject({ state: 'problem', snapshots: 0, behind: 1 })
    server.requests.length = 0
    expect(await copyTo(rig, 'offsite')).toMatchObject({ state: 'completed' })
    expect(server.requests.filter((request) => request.startsWith('PUT site/backups/packs/'))).toEqual([])
    expect(rig.attention.open().map(({ id }) => id)).not.toContain('backup-copy-offsite')
    expect(await viewOf(rig, 'offsite')).toMatchObject({ state: 'ready', snapshots: 1, behind: 0 })
  })

  test('that runs is cut off by a restore, which says so beforehand; the copy goes on afterwards', async () => {
    using folder = temporaryFolder()
    await using server = await startS3Server()
    const { site, repository } = places(folder.path)
    let there = false
    const definition = definitionWith({ offsite: bucket(server) })
    await using rig = await openBackupRig({
      site,
      folder: repository,
      secrets,
      definition: () => (there ? definition() : siteOf([])),
    })
    const snapshot = await rig.backUp()
    there = true
    unlinkSync(join(site, 'data', 'noise.bin'))
    server.fault({ method: 'PUT', key: /packs/, what: 'silent', times: 1 })
    const { job } = await rig.backups.copy({ copy: 'offsite', cause })
    await until('the copy sends', () => server.requests.some((request) => request.startsWith('PUT')))
    expect((await rig.backups.plan(snapshot)).notes.join(' ')).toContain('is cut off for this and goes on afterwards')
    expect(await rig.restore(snapshot)).toMatchObject({ state: 'completed' })
    expect(await rig.jobs.finished(job)).toMatchObject({ state: 'cancelled' })
    expect(readFileSync(join(site, 'data', 'noise.bin')).equals(noise(300_000))).toBe(true)
    expect(await copyTo(rig, 'offsite')).toMatchObject({ state: 'completed' })
  })

  test('is shown, restored from and undone while the main backups are lost; no backup is taken meanwhile', async () => {
    using folder = temporaryFolder()
    await using server = await startS3Server()
    const { site, repository } = places(folder.path)
    const definition = definitionWith({ offsite: bucket(server) })
    await using rig = await openBackupRig({ site, folder: repository, secrets, definition })
    const snapshot = await rig.backUp()
    await until('the copy is up to date', () => isCopied(rig, 'offsite', 1))
    rmSync(repository, { recursive: true })
    unlinkSync(join(site, 'data', 'noise.bin'))
    await rig.backups.useCopy('offsite')
    expect(rig.backups.snapshots().map(({ id }) => id)).toEqual([snapshot])
    await expect(rig.backups.create({ kind: 'full', note: '', cause })).rejects.toMatchObject({
      problem: { code: 'copy-in-use' },
    })
    const refused = { problem: { code: 'copy-in-use' } }
    const file = join(folder.path, 'other.tar.gz')
    await expect(rig.backups.copies.import({ file, note: '', folder: null, cause })).rejects.toMatchObject(refused)
    await expect(rig.backups.keeping.remove(snapshot, cause)).rejects.toMatchObject(refused)
    await expect(rig.backups.keeping.prune(cause)).rejects.toMatchObject(refused)
    await expect(rig.backups.pin(snapshot, true)).rejects.toMatchObject(refused)
    expect(await rig.restore()).toMatchObject({ state: 'completed' })
    expect(readFileSync(join(site, 'data', 'noise.bin')).equals(noise(300_000))).toBe(true)
    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(readdirSync(join(site, 'data'))).not.toContain('noise.bin')
    await rig.backups.useCopy(null)
    expect(rig.backups.snapshots()).toEqual([])
  })

  test('of encrypted backups is encrypted with the same key, and opens with their passphrase', async () => {
    using folder = temporaryFolder()
    const { site, repository, copy } = places(folder.path)
    const passphrase = 'correct horse battery staple 42'
    const definition = definitionWith({ second: { kind: 'folder', folder: copy } })
    {
      await using rig = await openBackupRig({ site, folder: repository, definition, passphrase })
      await rig.backUp()
      await until('the copy is up to date', () => isCopied(rig, 'second', 1))
    }
    expect(readdirSync(join(copy, 'keys'))).toEqual(readdirSync(join(repository, 'keys')))
    expect(readdirSync(join(copy, 'index'))).toEqual(readdirSync(join(repository, 'index')))
    unlinkSync(join(site, 'data', 'noise.bin'))
    await using other = await openBackupRig({ site, folder: copy, passphrase })
    expect(await other.restore()).toMatchObject({ state: 'completed' })
    expect(readFileSync(join(site, 'data', 'noise.bin')).equals(noise(300_000))).toBe(true)
  })

  test('never takes the place of other backups', async () => {
    using folder = temporaryFolder()
    const { site, repository, copy } = places(folder.path)
    {
      await using other = await openBackupRig({ site, folder: copy })
      await other.backUp()
    }
    const definition = definitionWith({ second: { kind: 'folder', folder: copy } })
    await using rig = await openBackupRig({ site, folder: repository, definition })
    await rig.backUp()
    await until('the copy was refused', () => rig.state.slice('targets').get('second')?.state === 'problem')
    expect(await viewOf(rig, 'second')).toMatchObject({ sentence: expect.stringContaining('lie other backups') })
    expect(readdirSync(join(copy, 'snapshots'))).toHaveLength(1)
  })

  test('on a disk that is full says so, and its main backups are none the worse', async (context) => {
    using folder = temporaryFolder()
    using disk = smallDisk(context.skip, folder.path)
    const { site, repository } = places(folder.path)
    const definition = definitionWith({ second: { kind: 'folder', folder: join(disk.path, 'copy') } })
    disk.fill(100_000)
    await using rig = await openBackupRig({ site, folder: repository, definition })
    await rig.backUp()
    await until('the copy has failed', () => rig.state.slice('targets').get('second')?.state === 'problem')
    expect(await viewOf(rig, 'second')).toMatchObject({ sentence: expect.stringContaining('disk is full') })
    expect(rig.backups.snapshots()).toMatchObject([{ verified: { ok: true } }])
    disk.empty()
    expect(await copyTo(rig, 'second')).toMatchObject({ state: 'completed' })
  })
})

describe('backups in a bucket', () => {
  test('are taken, verified and restored from like those in a folder', async () => {
    using folder = temporaryFolder()
    await using server = await startS3Server()
    const { site, repository } = places(folder.path)
    await using rig = await openBackupRig({ site, folder: repository, secrets, target: bucket(server) })
    const snapshot = await rig.backUp()
    expect(rig.backups.overview()).toMatchObject({ sharesDisk: false, freeBytes: null })
    const verify = await rig.backups.verify({ snapshot, cause })
    expect(await rig.jobs.finished(verify.job)).toMatchObject({ state: 'completed' })
    unlinkSync(join(site, 'data', 'app.db'))
    expect(await rig.restore()).toMatchObject({ state: 'completed' })
    expect(readdirSync(join(site, 'data')).sort()).toEqual(['app.db', 'noise.bin'])
    expect(readdirSync(folder.path)).not.toContain('backups')
  })

  test('with a wrong key say what is wrong, and the key is nowhere', async () => {
    using folder = temporaryFolder()
    await using server = await startS3Server()
    const { site, repository } = places(folder.path)
    await using rig = await openBackupRig({ site, folder: repository, secrets, target: bucket(server, 'WRONG') })
    expect(rig.backups.overview().note).toContain('does not accept the access key')
    expect(JSON.stringify([rig.attention.open(), await rig.backups.targets()])).not.toContain('nobody')
  })
})

describe('backups on a drive that is plugged in now and then', () => {
  const target = { kind: 'usb', volume: { label: 'BACKUP' }, path: 'lab/backups' } as const

  test('wait calmly while it is not there, and are taken once it is', async (context) => {
    using folder = temporaryFolder()
    using disk = smallDisk(context.skip, folder.path, 200)
    const { site, repository } = places(folder.path)
    let place: VolumePlace = { state: 'absent' }
    const volumes = { find: () => place }
    await using rig = await openBackupRig({ site, folder: repository, target, volumes })
    expect(rig.backups.overview().note).toBe('The drive “BACKUP” is not plugged in.')
    expect(rig.attention.open().map(({ id }) => id)).not.toContain('backup-unreachable')
    expect(await viewOf(rig, 'main')).toMatchObject({ state: 'absent', kind: 'usb' })
    place = { state: 'mounted', path: disk.path }
    await rig.backUp()
    expect(readdirSync(join(disk.path, 'lab', 'backups', 'snapshots'))).toHaveLength(1)
    const { lastAt } = rig.backups.overview()
    place = { state: 'unmounted' }
    expect(await viewOf(rig, 'main')).toMatchObject({
      state: 'absent',
      sentence: expect.stringContaining('not mounted'),
    })
    // What is known of it is not forgotten meanwhile.
    expect(rig.backups.overview().lastAt).toBe(lastAt)
    expect(rig.attention.open().map(({ id }) => id)).not.toContain('backup-none')
  })

  test('are never written into the empty folder that a pulled drive leaves', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    const left = join(folder.path, 'left')
    mkdirSync(left)
    utimesSync(left, 0, 0)
    const volumes = { find: (): VolumePlace => ({ state: 'mounted', path: left }) }
    await using rig = await openBackupRig({ site, folder: repository, target, volumes })
    await expect(rig.backUp()).rejects.toThrow('not mounted')
    expect(readdirSync(left)).toEqual([])
  })
})
