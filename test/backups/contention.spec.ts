import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CrashPoints } from '#core/platform/index.ts'
import { openBackupRig } from '../support/backup-rig.ts'
import { temporaryFolder } from '../support/folders.ts'
import { noise } from '../support/odd-site.ts'
import { listTree } from '../support/tree-listing.ts'
import { siteDifferences } from './proof.ts'
import { lookIntoRepository, snapshotDifferences } from './repository-look.ts'

const program = (name: string) => join(import.meta.dirname, '..', 'support', `${name}.program.ts`)

function makeSite(folder: string, name: string, seed: number): string {
  const site = join(folder, name)
  mkdirSync(join(site, 'data'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), `wheelhouse: 1\nsite: ${name}\n`)
  for (let at = 0; at < 10; at++) writeFileSync(join(site, 'data', `file-${at}`), noise(300_000, seed + at))
  return site
}

/** Another console, in a process of its own, that comes in the middle of what this one does. */
function meanwhile(point: string, name: string, args: readonly string[]) {
  const told: string[] = []
  const crashPoints: CrashPoints = {
    reach(reached) {
      if (reached !== point) return
      const { stdout, stderr } = spawnSync(process.execPath, [program(name), ...args], { encoding: 'utf8' })
      told.push(stdout || stderr)
    },
  }
  return { told, crashPoints }
}

/** A site with two snapshots, of which another console would remove the older one, and something to restore. */
async function twice(folder: string) {
  const place = { site: makeSite(folder, 'site', 1), folder: join(folder, 'backups') }
  await using rig = await openBackupRig(place)
  await rig.backUp()
  writeFileSync(join(place.site, 'data', 'file-1'), noise(300_000, 50))
  await rig.backUp()
  const asBackedUp = listTree(place.site)
  writeFileSync(join(place.site, 'data', 'file-2'), 'spoilt')
  return { place, asBackedUp }
}

describe('a prune by another console', () => {
  test.each(['backup.after-packs', 'backup.after-snapshot'])(
    'during a backup (%s) is refused, naming who works there, and nothing is missing afterwards',
    async (point) => {
      using folder = temporaryFolder()
      const { place } = await twice(folder.path)
      const { told, crashPoints } = meanwhile(point, 'prune-once', [place.site, place.folder])
      await using rig = await openBackupRig({ ...place, crashPoints })
      const id = await rig.backUp()
      expect(told).toEqual([expect.stringMatching(/^repository-busy: .*process \d+ on .* \(a backup of Bench, since /)])
      const { snapshots, problems } = lookIntoRepository(place.folder)
      expect(problems).toEqual([])
      expect(snapshots.size).toBe(3)
      const snapshot = snapshots.get(id)
      expect(snapshot && snapshotDifferences(snapshot, listTree(place.site))).toEqual([])
    },
  )

  test.each(['restore.after-staging-written', 'restore.intent-written'])(
    'during a restore (%s) is refused, and the restore brings back all of it',
    async (point) => {
      using folder = temporaryFolder()
      const { place, asBackedUp } = await twice(folder.path)
      const { told, crashPoints } = meanwhile(point, 'prune-once', [place.site, place.folder])
      await using rig = await openBackupRig({ ...place, crashPoints })
      expect(await rig.restore()).toMatchObject({ state: 'completed' })
      // What was staged is staged again for what changed until the services had stopped.
      expect(told.length).toBeGreaterThan(0)
      for (const sentence of told) expect(sentence).toMatch(/^repository-busy: /)
      expect(siteDifferences(asBackedUp, listTree(place.site))).toEqual([])
      expect(lookIntoRepository(place.folder).problems).toEqual([])
    },
  )

  test('between them works: the refusals above are not for another reason', async () => {
    using folder = temporaryFolder()
    const { place } = await twice(folder.path)
    const { stdout } = spawnSync(process.execPath, [program('prune-once'), place.site, place.folder], {
      encoding: 'utf8',
    })
    expect(stdout).toBe('pruned')
    const { snapshots, problems } = lookIntoRepository(place.folder)
    expect(problems).toEqual([])
    expect(snapshots.size).toBe(1)
  })
})

test('two consoles back up two sites into one repository at the same time: one at a time, the other is told, all snapshots are whole', async () => {
  using folder = temporaryFolder()
  const backups = join(folder.path, 'backups')
  const sites = [makeSite(folder.path, 'left', 1), makeSite(folder.path, 'right', 101)]
  const backUp = async (site: string): Promise<string> => {
    const request = JSON.stringify({ site, folder: backups, act: 'back up' })
    const child = spawn(process.execPath, [program('mortal-backup'), request], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text
    })
    const [code] = await once(child, 'close')
    return code === 0 ? 'done' : said
  }
  let done = 0
  for (let round = 0; round < 2; round++) {
    for (const [at, site] of sites.entries()) writeFileSync(join(site, 'data', 'new'), noise(400_000, 7 * round + at))
    for (const told of await Promise.all(sites.map(backUp))) {
      if (told === 'done') done++
      else expect(told).toMatch(/cannot be used for writing now: process \d+ on/)
    }
    const { snapshots, problems } = lookIntoRepository(backups)
    expect(problems).toEqual([])
    expect(snapshots.size).toBe(done)
  }
  expect(done).toBeGreaterThanOrEqual(2)
  for (const site of sites) expect(await backUp(site)).toBe('done')
  const { snapshots, problems } = lookIntoRepository(backups)
  expect(problems).toEqual([])
  const newest = [...snapshots.values()].sort((a, b) => a.at - b.at).slice(-2)
  for (const [at, snapshot] of newest.entries()) {
    expect(snapshotDifferences(snapshot, listTree(sites[at] ?? ''))).toEqual([])
  }
})
