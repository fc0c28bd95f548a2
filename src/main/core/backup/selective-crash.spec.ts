import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBackupRig } from '../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { copyTree, makeOddSite } from '../../../../test/support/odd-site.ts'
import { differences, type ListedEntry, listTree } from '../../../../test/support/tree-listing.ts'

const program = fileURLToPath(new URL('../../../../test/support/mortal-backup.program.ts', import.meta.url))
/** Two entries replaced, one database replaced, one folder made again, one entry deep below. */
const paths = ['releases/r1/secret', 'releases/r1/services', 'data/app.db', 'data/uploads/random.bin']

let template: ReturnType<typeof temporaryFolder>
let before: Map<string, ListedEntry>
let after: Map<string, ListedEntry>

beforeAll(async () => {
  template = temporaryFolder()
  const site = join(template.path, 'site')
  mkdirSync(site)
  makeOddSite(site)
  // A second name outside of what is restored would be another file afterwards.
  unlinkSync(join(site, 'releases', 'r1', 'api-again.mjs'))
  const folder = join(template.path, 'backups')
  {
    await using rig = await openBackupRig({ site, folder })
    await rig.backUp()
  }
  writeFileSync(join(site, 'data', 'app.db'), 'no database any more')
  writeFileSync(join(site, 'data', 'app.db-wal'), 'a log that nobody may replay')
  rmSync(join(site, 'data', 'uploads'), { recursive: true })
  unlinkSync(join(site, 'releases', 'r1', 'secret'))
  writeFileSync(join(site, 'releases', 'r1', 'services', 'more.mjs'), 'added since')
  appendFileSync(join(site, 'site.yaml'), '# changed and not ticked\n')
  before = listTree(site)
  using other = temporaryFolder()
  copyTree(`${template.path}/.`, other.path)
  {
    await using rig = await openBackupRig({ site: join(other.path, 'site'), folder: join(other.path, 'backups') })
    expect(await rig.restore(null, null, paths)).toMatchObject({ state: 'completed' })
  }
  after = listTree(join(other.path, 'site'))
  expect(contentOf(differences(before, after)).length).toBeGreaterThan(5)
})

afterAll(() => template[Symbol.dispose]())

/** The times of folders in which something is swapped are those of the swap. */
function contentOf(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !/^"\.\/(data|releases\/r1)": mtime/.test(line))
}

function copyOfTemplate() {
  const folder = temporaryFolder()
  copyTree(`${template.path}/.`, folder.path)
  const site = join(folder.path, 'site')
  return { site, folder: join(folder.path, 'backups'), [Symbol.dispose]: () => folder[Symbol.dispose]() }
}

type Place = { readonly site: string; readonly folder: string }

function start(place: Place, act: 'restore' | 'recover', crashAt: string) {
  const { site, folder } = place
  const child = spawn(process.execPath, [program, JSON.stringify({ site, folder, act, paths })], {
    env: { ...process.env, WHEELHOUSE_CRASH_AT: crashAt },
    stdio: 'ignore',
  })
  return { child, ended: once(child, 'close') }
}

async function killedAt(place: Place, act: 'restore' | 'recover', point: string): Promise<void> {
  const [, signal] = await start(place, act, point).ended
  expect(signal).toBe('SIGKILL')
}

async function recover(place: Place) {
  await using rig = await openBackupRig(place)
  const sentences = await rig.backups.recover(rig.jobs.interrupted)
  return { sentences, jobs: rig.jobs.interrupted.map(({ view }) => view.state) }
}

function stateOf(site: string): string {
  const found = listTree(site)
  const toBefore = contentOf(differences(before, found))
  const toAfter = contentOf(differences(after, found))
  if (toBefore.length === 0) return 'before'
  if (toAfter.length === 0) return 'after'
  return `a mixture: ${toBefore.slice(0, 5)} / ${toAfter.slice(0, 5)}`
}

function leftovers(site: string): string[] {
  return ['staging', 'swap', 'quarantine'].flatMap((name) => {
    const folder = join(site, '.wheelhouse', name)
    return existsSync(folder) ? readdirSync(folder) : []
  })
}

describe('a console that is killed while it restores some paths', () => {
  test.each(['restore.after-stage', 'backup.after-packs', 'restore.after-restore-point'])(
    'at %s: the next opening leaves the site as it was',
    async (point) => {
      using place = copyOfTemplate()
      await killedAt(place, 'restore', point)
      expect(await recover(place)).toMatchObject({
        sentences: [expect.stringContaining('nothing was changed')],
        jobs: ['failed'],
      })
      expect(stateOf(place.site)).toBe('before')
      expect(leftovers(place.site)).toEqual([])
    },
  )

  test.each([
    'restore.intent-written',
    'restore.swap-entry:1',
    'restore.swap-entry:3',
    'restore.swap-entry:5',
    'restore.swapped',
    'restore.before-commit',
  ])('at %s: the next opening finishes it, and Undo leads back', async (point) => {
    using place = copyOfTemplate()
    await killedAt(place, 'restore', point)
    expect(await recover(place)).toMatchObject({
      sentences: [expect.stringContaining('has been finished now')],
      jobs: ['completed'],
    })
    expect(stateOf(place.site)).toBe('after')
    expect(leftovers(place.site)).toEqual([])
    if (point !== 'restore.swap-entry:3') return
    await using rig = await openBackupRig(place)
    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(stateOf(place.site)).toBe('before')
  })

  test('with its staged files lost: it is taken back whole, also when killed again meanwhile', async () => {
    using place = copyOfTemplate()
    await killedAt(place, 'restore', 'restore.swap-entry:4')
    rmSync(join(place.site, '.wheelhouse', 'staging'), { recursive: true })
    await killedAt(place, 'recover', 'restore.take-back:3')
    expect(await recover(place)).toMatchObject({
      sentences: [expect.stringContaining('it was undone')],
      jobs: ['failed'],
    })
    expect(stateOf(place.site)).toBe('before')
    expect(leftovers(place.site)).toEqual([])
  })

  test('at random moments: as before or as after, never between, and nothing is left over', async () => {
    for (let round = 0; round < 4; round++) {
      using place = copyOfTemplate()
      const { child, ended } = start(place, 'restore', '')
      await Promise.race([pause(300 + round * 250), ended])
      child.kill('SIGKILL')
      await ended
      await recover(place)
      expect(['before', 'after']).toContain(stateOf(place.site))
      expect(leftovers(place.site)).toEqual([])
    }
  })
})
