import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openBackupRig } from '../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { copyTree, makeOddSite } from '../../../../test/support/odd-site.ts'
import { differences, type ListedEntry, listTree } from '../../../../test/support/tree-listing.ts'

const program = fileURLToPath(new URL('../../../../test/support/mortal-backup.program.ts', import.meta.url))
const answerSchema = z.object({
  sentences: z.array(z.string()),
  owed: z.array(z.string()),
  jobs: z.array(z.string()),
  ended: z.unknown(),
})

interface Run {
  readonly site: string
  readonly folder: string
  readonly act: 'recover' | 'back up' | 'restore' | 'undo'
  readonly services?: readonly string[]
}

function start(run: Run, crashAt = ''): ChildProcess {
  return spawn(process.execPath, [program, JSON.stringify(run)], {
    env: { ...process.env, WHEELHOUSE_CRASH_AT: crashAt },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function finish(child: ChildProcess) {
  let output = ''
  let errors = ''
  child.stdout?.on('data', (text) => {
    output += text
  })
  child.stderr?.on('data', (text) => {
    errors += text
  })
  const [code, signal] = await once(child, 'close')
  if (signal === null && code !== 0) throw new Error(errors)
  return { signal, answer: () => answerSchema.parse(JSON.parse(output)) }
}

/** A site with a good snapshot, then damaged: the state before any restore. Made once, copied for each case. */
let template: ReturnType<typeof temporaryFolder>
let damaged: Map<string, ListedEntry>
let restored: Map<string, ListedEntry>

beforeAll(async () => {
  template = temporaryFolder()
  const site = join(template.path, 'site')
  mkdirSync(site)
  makeOddSite(site)
  const folder = join(template.path, 'backups')
  {
    await using rig = await openBackupRig({ site, folder })
    await rig.backUp()
  }
  unlinkSync(join(site, 'data', 'app.db'))
  rmSync(join(site, 'releases'), { recursive: true })
  appendFileSync(join(site, 'site.yaml'), '# changed\n')
  writeFileSync(join(site, 'extra'), 'not in the snapshot')
  damaged = listTree(site)
  using other = temporaryFolder()
  copyTree(`${template.path}/.`, other.path)
  {
    await using rig = await openBackupRig({ site: join(other.path, 'site'), folder: join(other.path, 'backups') })
    expect(await rig.restore()).toMatchObject({ state: 'completed' })
  }
  restored = listTree(join(other.path, 'site'))
  expect(differences(damaged, restored).length).toBeGreaterThan(5)
})

afterAll(() => template[Symbol.dispose]())

function copyOfTemplate() {
  const folder = temporaryFolder()
  copyTree(`${template.path}/.`, folder.path)
  const site = join(folder.path, 'site')
  return { site, folder: join(folder.path, 'backups'), [Symbol.dispose]: () => folder[Symbol.dispose]() }
}

/** Opens the site as the next console does, and says what that found. */
async function recover(place: { readonly site: string; readonly folder: string }) {
  await using rig = await openBackupRig(place)
  const sentences = await rig.backups.recover(rig.jobs.interrupted)
  return { sentences, jobs: rig.jobs.interrupted.map(({ view }) => view.state), owed: rig.backups.owedServices() }
}

/** Which of the two states the site is in; anything between them is named. */
function stateOf(site: string): string {
  const found = listTree(site)
  const toDamaged = differences(damaged, found)
  const toRestored = differences(restored, found)
  if (toDamaged.length === 0) return 'before'
  if (toRestored.length === 0) return 'after'
  return `a mixture: ${toDamaged.slice(0, 5)} / ${toRestored.slice(0, 5)}`
}

function leftovers(site: string): string[] {
  return ['staging', 'swap', 'quarantine'].flatMap((name) => {
    const folder = join(site, '.wheelhouse', name)
    return existsSync(folder) ? readdirSync(folder) : []
  })
}

const untilIntent = ['restore.after-stage', 'restore.after-stop', 'backup.after-packs', 'restore.after-restore-point']
// Three entries are replaced (two renames each), one is added, one deleted: eight renames.
const fromIntent = [
  'restore.intent-written',
  'restore.swap-entry:1',
  'restore.swap-entry:4',
  'restore.swap-entry:6',
  'restore.swapped',
  'restore.before-commit',
]

describe('a console that is killed while it restores', () => {
  test.each(untilIntent)('at %s: the next opening leaves the site as it was, and says so', async (point) => {
    using place = copyOfTemplate()
    const killed = await finish(start({ ...place, act: 'restore', services: ['api'] }, point))
    expect(killed.signal).toBe('SIGKILL')
    const told = await recover(place)
    expect(told).toMatchObject({ sentences: [expect.stringContaining('nothing was changed')], jobs: ['failed'] })
    // Only a restore that had stopped services owes their start.
    expect(told.owed).toEqual(['restore.after-staging-written', 'restore.after-stage'].includes(point) ? [] : ['api'])
    expect(stateOf(place.site)).toBe('before')
    expect(leftovers(place.site)).toEqual([])
  })

  test.each(fromIntent)('at %s: the next opening finishes the restore, and Undo leads back', async (point) => {
    using place = copyOfTemplate()
    const killed = await finish(start({ ...place, act: 'restore', services: ['api'] }, point))
    expect(killed.signal).toBe('SIGKILL')
    expect(await recover(place)).toMatchObject({
      sentences: [expect.stringContaining('has been finished now')],
      jobs: ['completed'],
      owed: ['api'],
    })
    expect(stateOf(place.site)).toBe('after')
    expect(leftovers(place.site)).toEqual([])
    if (point !== 'restore.swap-entry:4') return
    await using rig = await openBackupRig(place)
    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(stateOf(place.site)).toBe('before')
  })

  test('with a folder in the way: the next opening says that it is stuck, and the one after that finishes', async () => {
    using place = copyOfTemplate()
    expect((await finish(start({ ...place, act: 'restore', services: ['api'] }, 'restore.swap-entry:4'))).signal).toBe(
      'SIGKILL',
    )
    const old = join(place.site, '.wheelhouse', 'swap')
    const folder = join(old, readdirSync(old).find((name) => name.endsWith('.old')) ?? '')
    renameSync(folder, `${folder}-elsewhere`)
    writeFileSync(folder, 'a file where a folder belongs')
    const told = await recover(place)
    expect(told).toMatchObject({
      sentences: [expect.stringContaining('could neither be finished nor undone'), expect.any(String)],
      owed: [],
    })
    rmSync(folder)
    const aside = join(place.site, '.wheelhouse', 'quarantine')
    renameSync(join(aside, readdirSync(aside)[0] ?? ''), folder)
    expect(await recover(place)).toMatchObject({ jobs: ['completed'], owed: ['api'] })
    expect(stateOf(place.site)).toBe('after')
  })

  test('again while it recovers: the opening after that still finishes', async () => {
    using place = copyOfTemplate()
    expect((await finish(start({ ...place, act: 'restore' }, 'restore.intent-written'))).signal).toBe('SIGKILL')
    for (let round = 0; round < 3; round++) {
      expect((await finish(start({ ...place, act: 'recover' }, 'restore.swap-entry:2'))).signal).toBe('SIGKILL')
    }
    expect(await recover(place)).toMatchObject({ jobs: ['completed'] })
    expect(stateOf(place.site)).toBe('after')
    expect(leftovers(place.site)).toEqual([])
  })

  test('with its staged files lost: the next opening takes the swap back', async () => {
    using place = copyOfTemplate()
    expect((await finish(start({ ...place, act: 'restore' }, 'restore.swap-entry:3'))).signal).toBe('SIGKILL')
    rmSync(join(place.site, '.wheelhouse', 'staging'), { recursive: true })
    // Killed once more while it takes the swap back.
    expect((await finish(start({ ...place, act: 'recover' }, 'restore.take-back:3'))).signal).toBe('SIGKILL')
    expect(await recover(place)).toMatchObject({
      sentences: [expect.stringContaining('it was undone')],
      jobs: ['failed'],
    })
    expect(stateOf(place.site)).toBe('before')
    expect(leftovers(place.site)).toEqual([])
  })

  test('at random moments: the site is as before or as after, never between, and nothing is left over', async () => {
    const seen = new Set<string>()
    for (let round = 0; round < 4; round++) {
      using place = copyOfTemplate()
      const child = start({ ...place, act: 'restore' })
      const done = finish(child)
      await Promise.race([pause(300 + round * 250), done])
      child.kill('SIGKILL')
      await done
      await recover(place)
      const state = stateOf(place.site)
      seen.add(state)
      expect(['before', 'after']).toContain(state)
      expect(leftovers(place.site)).toEqual([])
    }
    expect(seen.size).toBeGreaterThan(0)
  })
})

describe('a console that is killed while it backs up', () => {
  test.each(['backup.after-packs', 'backup.after-index'])(
    'at %s: no snapshot is made, and the next one uses what was stored',
    async (point) => {
      using place = copyOfTemplate()
      rmSync(place.folder, { recursive: true })
      expect((await finish(start({ ...place, act: 'back up' }, point))).signal).toBe('SIGKILL')
      expect((await recover(place)).sentences).toEqual([expect.stringContaining('no snapshot was made')])
      expect(readdirSync(join(place.folder, 'snapshots'))).toEqual([])
      const packs = readdirSync(join(place.folder, 'packs'))
      expect(packs.length).toBeGreaterThan(0)
      await using rig = await openBackupRig(place)
      await rig.backUp()
      const [snapshot] = rig.backups.snapshots()
      expect(snapshot).toMatchObject({ verified: { ok: true }, partial: false })
      expect(snapshot?.added).toBeLessThan(20_000)
    },
  )

  test('after the snapshot was written: it is there, and counts as unverified', async () => {
    using place = copyOfTemplate()
    expect((await finish(start({ ...place, act: 'back up' }, 'backup.after-snapshot'))).signal).toBe('SIGKILL')
    expect(await recover(place)).toMatchObject({
      sentences: [expect.stringContaining('was not verified yet')],
      jobs: ['completed'],
    })
  })
})
