import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CrashPoints } from '#core/platform/index.ts'
import { type BackupRig, openBackupRig } from '../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { unfinishedPlace } from './unfinished-place.ts'

const cause = { type: 'operator', via: 'command line' } as const

function places(folder: string) {
  const site = join(folder, 'site')
  mkdirSync(join(site, 'data'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\nsite: bench\n')
  writeFileSync(join(site, 'data', 'a.txt'), 'as backed up')
  return { site, repository: join(folder, 'backups'), out: join(folder, 'elsewhere', 'out') }
}

async function into(rig: BackupRig, snapshot: string, folder: string) {
  return rig.jobs.finished((await rig.backups.copies.into({ snapshot, paths: null, folder, cause })).job)
}

describe('a snapshot written into another folder', () => {
  test('appears when it is whole: until then its files lie beside it, and one that is cancelled leaves nothing', async () => {
    using folder = temporaryFolder()
    const { site, repository, out } = places(folder.path)
    let at: ((job: string) => void) | null = null
    const seen: string[][] = []
    const crashPoints: CrashPoints = {
      reach(name) {
        if (name !== 'destination.before-name') return
        seen.push(readdirSync(out))
        const [running] = rig.jobs.running()
        if (running) at?.(running.id)
      },
    }
    await using rig: BackupRig = await openBackupRig({ site, folder: repository, crashPoints })
    const snapshot = await rig.backUp()
    at = (job) => void rig.jobs.cancel(job, cause)
    expect(await into(rig, snapshot, out)).toMatchObject({ state: 'cancelled' })
    expect(readdirSync(join(folder.path, 'elsewhere'))).toEqual([])
    at = null
    expect(await into(rig, snapshot, out)).toMatchObject({ state: 'completed' })
    expect(seen).toEqual([[], []])
    expect(readFileSync(join(out, 'data', 'a.txt'), 'utf8')).toBe('as backed up')
    expect(readdirSync(join(folder.path, 'elsewhere'))).toEqual(['out'])
  })

  test('that a killed console left half done is named at the next start', async () => {
    using folder = temporaryFolder()
    const { site, repository, out } = places(folder.path)
    await using rig = await openBackupRig({ site, folder: repository })
    const snapshot = await rig.backUp()
    const done = await into(rig, snapshot, out)
    const left = unfinishedPlace(out, done.id)
    mkdirSync(left)
    const told: string[] = []
    await rig.backups.recover([
      {
        view: { ...done, state: 'interrupted' },
        input: { snapshot, folder: out },
        resolve: async (_state, { message }) => void told.push(message),
      },
    ])
    expect(told).toEqual([expect.stringContaining(`What was written so far is in ${left}; delete it.`)])
    expect(existsSync(left)).toBe(true)
  })
})

describe('an archive', () => {
  test('appears when it is whole: one that is cancelled leaves nothing, and what had its name stays', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    const stick = join(folder.path, 'stick')
    mkdirSync(stick)
    const file = join(stick, 'site.tar.gz')
    writeFileSync(file, 'an older one')
    const crashPoints: CrashPoints = {
      reach(name) {
        const [running] = rig.jobs.running()
        if (name === 'export.before-name' && running) void rig.jobs.cancel(running.id, cause)
      },
    }
    await using rig: BackupRig = await openBackupRig({ site, folder: repository, crashPoints })
    const snapshot = await rig.backUp()
    const { job } = await rig.backups.copies.export({ snapshot, paths: null, file, replace: true, cause })
    expect(await rig.jobs.finished(job)).toMatchObject({ state: 'cancelled' })
    expect(readdirSync(stick)).toEqual(['site.tar.gz'])
    expect(readFileSync(file, 'utf8')).toBe('an older one')
  })

  test('that a killed console left half done is named at the next start', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    await using rig = await openBackupRig({ site, folder: repository })
    const snapshot = await rig.backUp()
    const file = join(folder.path, 'site.tar.gz')
    const { job } = await rig.backups.copies.export({ snapshot, paths: null, file, replace: false, cause })
    const done = await rig.jobs.finished(job)
    const left = unfinishedPlace(file, done.id)
    writeFileSync(left, 'half of it')
    const told: string[] = []
    await rig.backups.recover([
      {
        view: { ...done, state: 'interrupted' },
        input: { snapshot, file },
        resolve: async (_state, { message }) => void told.push(message),
      },
    ])
    expect(told).toEqual([expect.stringContaining(`What was written so far is in ${left}; delete it.`)])
  })
})

describe('where an export is suggested', () => {
  test('is beside the last one, named by the site and the time of the snapshot, and never one that is there', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    await using rig = await openBackupRig({ site, folder: repository })
    const snapshot = await rig.backUp()
    expect(rig.backups.copies.suggest({ snapshot })).toEqual({ file: null, folder: null })
    const stick = join(folder.path, 'stick')
    mkdirSync(stick)
    const file = join(stick, 'mine.tar.gz')
    const { job } = await rig.backups.copies.export({ snapshot, paths: null, file, replace: false, cause })
    await rig.jobs.finished(job)
    const next = rig.backups.copies.suggest({ snapshot }).file ?? ''
    expect(next).toMatch(/stick\/bench-\d{4}-\d\d-\d\d-\d{4}\.tar\.gz$/)
    writeFileSync(next, '')
    expect(rig.backups.copies.suggest({ snapshot }).file).toBe(next.replace('.tar.gz', '-2.tar.gz'))
  })
})
