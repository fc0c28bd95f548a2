import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { cp, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { installSampleSite, isSampleSite, loadSite, releaseFolder, resetSampleSite } from './index.ts'

const shipped = join(import.meta.dirname, '../../../../resources/sites/consultease')

const anHourAgo = Date.now() / 1_000 - 3_600

describe('the sample site', () => {
  it('is there whole for each of several consoles that begin at the same moment on an empty home', async () => {
    for (let round = 0; round < 5; round++) {
      using folder = temporaryFolder()
      const target = join(folder.path, 'sites', 'consultease')
      await Promise.all(Array.from({ length: 4 }, () => installSampleSite(shipped, target)))
      expect((await loadSite(target)).valid).toBe(true)
      expect(readdirSync(join(folder.path, 'sites'))).toEqual(['consultease'])
    }
  })

  it('loads without problems and without warnings, in each of its profiles', async () => {
    using folder = temporaryFolder()
    const target = join(folder.path, 'sites', 'consultease')
    await installSampleSite(shipped, target)
    for (const profile of [null, 'busy']) {
      const loaded = await loadSite(target, { profile })
      expect(loaded).toMatchObject({ valid: true, warnings: [] })
      expect(loaded.valid && Object.keys(loaded.definition.services)).toEqual([
        'broker',
        'database',
        'api',
        'desk-units',
        'kiosk',
      ])
    }
  })

  it('has each part where the console expects it, and carries its mark', async () => {
    using folder = temporaryFolder()
    const target = join(folder.path, 'consultease')
    await installSampleSite(shipped, target)
    expect(readlinkSync(join(target, 'current'))).toBe('releases/1.0.0')
    expect(await releaseFolder(target)).toBe(join(target, 'releases', '1.0.0'))
    for (const part of ['site.yaml', 'current/services/api.mjs', 'data', 'logs']) {
      expect(existsSync(join(target, part))).toBe(true)
    }
    expect(await isSampleSite(target)).toBe(true)
  })

  it('that is there stays as it is when it is installed again, also without its site.yaml', async () => {
    using folder = temporaryFolder()
    const target = join(folder.path, 'consultease')
    await installSampleSite(shipped, target)
    writeFileSync(join(target, 'data', 'mine'), 'kept')
    rmSync(join(target, 'site.yaml'))
    await installSampleSite(shipped, target)
    expect(readFileSync(join(target, 'data', 'mine'), 'utf8')).toBe('kept')
  })

  it('is put back to how it came by a reset, whatever was broken in it', async () => {
    using folder = temporaryFolder()
    const target = join(folder.path, 'consultease')
    await installSampleSite(shipped, target)
    writeFileSync(join(target, 'data', 'mine'), 'gone')
    rmSync(join(target, 'releases'), { recursive: true })
    writeFileSync(join(target, 'site.yaml'), 'broken: [')
    await resetSampleSite(shipped, target)
    expect((await loadSite(target)).valid).toBe(true)
    expect(existsSync(join(target, 'data', 'mine'))).toBe(false)
  })

  it('is the only thing that a reset replaces', async () => {
    using folder = temporaryFolder()
    const target = join(folder.path, 'lab')
    mkdirSync(target)
    writeFileSync(join(target, 'precious'), 'kept')
    await expect(resetSampleSite(shipped, target)).rejects.toThrow(/is not the sample site/)
    expect(readFileSync(join(target, 'precious'), 'utf8')).toBe('kept')
  })

  it('that was left half-way comes back: an unfinished build is swept, a site moved aside returns', async () => {
    using folder = temporaryFolder()
    const target = join(folder.path, 'consultease')
    await installSampleSite(shipped, target)
    writeFileSync(join(target, 'data', 'mine'), 'kept')
    renameSync(target, join(folder.path, '.consultease-0000.old'))
    mkdirSync(join(folder.path, '.consultease-0000.new', 'releases'), { recursive: true })
    utimesSync(join(folder.path, '.consultease-0000.new'), anHourAgo, anHourAgo)
    await installSampleSite(shipped, target)
    expect(readFileSync(join(target, 'data', 'mine'), 'utf8')).toBe('kept')
    expect(existsSync(join(folder.path, '.consultease-0000.new'))).toBe(false)
  })

  it('leaves nothing behind when it cannot be built', async () => {
    using folder = temporaryFolder()
    const broken = await mkdtemp(join(folder.path, 'shipped-'))
    await cp(shipped, broken, { recursive: true })
    rmSync(join(broken, 'site.yaml'))
    const target = join(folder.path, 'sites', 'consultease')
    await expect(installSampleSite(broken, target)).rejects.toThrow()
    expect(existsSync(target)).toBe(false)
  })
})
