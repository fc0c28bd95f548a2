import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openBackupRig } from '../support/backup-rig.ts'
import { copyTree } from '../support/odd-site.ts'
import { type ListedEntry, listTree } from '../support/tree-listing.ts'
import { ActProcess } from './act-process.ts'
import type { Act, Place } from './acts.ts'
import { makeBenchSite, spoil, workOn } from './bench-site.ts'
import type { Rig } from './rig.ts'

/** Something that a console does with backups, and what the site may look like afterwards. */
export interface Scenario {
  readonly act: Act
  /** Whether the disk may fail from the opening on, or only in the act. */
  readonly peril: 'opening' | 'act'
  prepare(place: Place, rig: Rig): Promise<void>
  /** The states of the site that are right once the next console has opened it. */
  readonly ends: readonly ('before' | 'after')[]
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  'first backup': { act: 'back up', peril: 'act', ends: ['before'], prepare: async () => {} },
  backup: {
    act: 'back up',
    peril: 'act',
    ends: ['before'],
    async prepare(place, rig) {
      await backUp(place, rig)
      workOn(place.site, 1)
    },
  },
  verify: { act: 'verify', peril: 'act', ends: ['before'], prepare: backUp },
  prune: {
    act: 'prune',
    peril: 'act',
    ends: ['before'],
    async prepare(place, rig) {
      for (let day = 1; day <= 3; day++) {
        await backUp(place, rig)
        workOn(place.site, day)
      }
      await backUp(place, rig)
      await playOn(place, rig, 'prune')
      // What nobody has needed for two days now goes with the next prune, which finds two more snapshots to remove.
      for (let day = 4; day <= 5; day++) {
        workOn(place.site, day)
        await backUp(place, rig)
      }
      const sweep = join(place.folder, 'sweep.json')
      writeFileSync(
        sweep,
        readFileSync(sweep, 'utf8').replace(/\d{13}/g, (at) => String(Number(at) - 2 * 86_400_000)),
      )
    },
  },
  restore: {
    act: 'restore',
    peril: 'act',
    ends: ['before', 'after'],
    async prepare(place, rig) {
      await backUp(place, rig)
      spoil(place.site)
    },
  },
  undo: {
    act: 'undo',
    peril: 'act',
    ends: ['before', 'after'],
    async prepare(place, rig) {
      await backUp(place, rig)
      spoil(place.site)
      await playOn(place, rig, 'restore')
    },
  },
  'finish a restore': {
    act: 'open',
    peril: 'opening',
    ends: ['after'],
    async prepare(place, rig) {
      await backUp(place, rig)
      spoil(place.site)
      await playOn(place, rig, 'restore', 'restore.swap-entry:4')
    },
  },
  'take back a restore': {
    act: 'open',
    peril: 'opening',
    ends: ['after'],
    async prepare(place, rig) {
      await backUp(place, rig)
      spoil(place.site)
      await playOn(place, rig, 'restore', 'restore.swap-entry:4')
      const staging = join(place.site, '.wheelhouse', 'staging')
      for (const job of readdirSync(staging)) rmSync(join(staging, job), { recursive: true })
    },
  },
}

/** A scenario's beginning, and the states of the site that it may lead to. */
export interface Template {
  readonly place: Place
  /** The site before the act; and after it, when nothing fails. */
  readonly before: ReadonlyMap<string, ListedEntry>
  readonly after: ReadonlyMap<string, ListedEntry>
}

export async function makeTemplate(scenario: Scenario, rig: Rig, folder: string): Promise<Template> {
  const place = placeIn(folder)
  for (const each of Object.values(place)) mkdirSync(each, { recursive: true })
  rmSync(place.folder, { recursive: true })
  makeBenchSite(place.site)
  await scenario.prepare(place, rig)
  const before = listTree(place.site)
  const tried = placeIn(`${folder}-tried`)
  copyPlace(place, tried)
  const { act } = scenario
  await playOn(tried, rig, act)
  const after = listTree(tried.site)
  rmSync(`${folder}-tried`, { recursive: true, force: true })
  return { place, before, after }
}

export function placeIn(folder: string): Place {
  return { site: join(folder, 'site'), folder: join(folder, 'backups'), own: join(folder, 'own') }
}

/** Into a place where nothing is. */
export function copyPlace(from: Place, to: Place): void {
  for (const part of ['site', 'folder', 'own'] as const) {
    rmSync(to[part], { recursive: true, force: true })
    mkdirSync(join(to[part], '..'), { recursive: true })
    try {
      readdirSync(from[part])
    } catch {
      continue // There are no backups yet.
    }
    if (part === 'own') cpSync(from.own, to.own, { recursive: true })
    else copyTree(from[part], to[part])
  }
}

/** Takes a snapshot on a disk that works. */
export async function backUp(place: Place, { runtime }: Rig): Promise<void> {
  await using rig = await openBackupRig({ ...place, runtime })
  await rig.backUp()
}

/** Plays an act on a disk that works; with a crash point, up to there. */
async function playOn(place: Place, rig: Rig, act: Act, crashAt?: string): Promise<void> {
  const folder = join(place.own, '..')
  await using console = new ActProcess({ driver: rig.driver, folder, ...(crashAt !== undefined && { crashAt }) })
  const ending = await console.play({ ...place, act, peril: 'none' })
  const expected = crashAt === undefined ? 'completed' : 'killed'
  const found = typeof ending === 'string' ? ending : ending.state
  if (found === expected) return
  throw new Error(`The scenario could not be prepared: ${act} ended as ${found}: ${JSON.stringify(ending)}`)
}
