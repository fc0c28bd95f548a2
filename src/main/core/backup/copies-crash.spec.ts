import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBackupRig } from '../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { copyTree, noise } from '../../../../test/support/odd-site.ts'
import { differences, listTree } from '../../../../test/support/tree-listing.ts'

const program = fileURLToPath(new URL('../../../../test/support/mortal-backup.program.ts', import.meta.url))
const cause = { type: 'operator', via: 'command line' } as const
type Act = 'into' | 'export' | 'import'

let template: ReturnType<typeof temporaryFolder>

beforeAll(async () => {
  template = temporaryFolder()
  const site = join(template.path, 'site')
  mkdirSync(join(site, 'data'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  for (let at = 0; at < 20; at++) writeFileSync(join(site, 'data', `file-${at}`), noise(200_000, at + 1))
  await using rig = await openBackupRig({ site, folder: join(template.path, 'backups') })
  const snapshot = await rig.backUp()
  const file = join(template.path, 'made.tar.gz')
  await rig.jobs.finished((await rig.backups.copies.export({ snapshot, paths: null, file, replace: false, cause })).job)
})
afterAll(() => template[Symbol.dispose]())

function world() {
  const folder = temporaryFolder()
  copyTree(`${template.path}/.`, folder.path)
  const at = (name: string) => join(folder.path, name)
  return { site: at('site'), folder: at('backups'), at, [Symbol.dispose]: () => folder[Symbol.dispose]() }
}
type World = ReturnType<typeof world>

/** Killed at a crash point, or so many milliseconds after its begin. */
async function killed({ site, folder }: World, act: Act, place: string, when: string | number): Promise<void> {
  const child = spawn(process.execPath, [program, JSON.stringify({ site, folder, act, place })], {
    env: { ...process.env, WHEELHOUSE_CRASH_AT: typeof when === 'string' ? when : '' },
    stdio: 'ignore',
  })
  const ended = once(child, 'close')
  if (typeof when === 'number') {
    await Promise.race([pause(when), ended])
    child.kill('SIGKILL')
  }
  const [, signal] = await ended
  if (typeof when === 'string') expect(signal).toBe('SIGKILL')
}

/** The next console: the site was not touched, what was stored is there, and the same act comes to its end. */
async function next({ site, folder }: World, before: ReturnType<typeof listTree>, snapshots: number) {
  const rig = await openBackupRig({ site, folder })
  const sentences = await rig.backups.recover(rig.jobs.interrupted)
  expect(differences(before, listTree(site))).toEqual([])
  expect(rig.backups.snapshots().length).toBeGreaterThanOrEqual(snapshots)
  const [{ id = '' } = {}] = rig.backups.snapshots()
  expect((await rig.jobs.finished((await rig.backups.verify({ snapshot: id, cause })).job)).state).toBe('completed')
  const finished = async (started: Promise<{ readonly job: string }>) => rig.jobs.finished((await started).job)
  return { rig, id, sentences, finished, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() }
}

describe('a console that is killed while a snapshot leaves the repository or comes into it', () => {
  test.each<string | number>(['export.before-name', 700])(
    'an export (%s): no archive under its name that is not whole, and the next one replaces what was left',
    async (when) => {
      using place = world()
      const before = listTree(place.site)
      const file = place.at('out.tar.gz')
      await killed(place, 'export', file, when)
      if (typeof when === 'string') expect(existsSync(file)).toBe(false)
      await using after = await next(place, before, 1)
      const ended = await after.finished(
        after.rig.backups.copies.export({ snapshot: after.id, paths: null, file, replace: true, cause }),
      )
      expect(ended.state).toBe('completed')
      const to = place.at('unpacked')
      expect(
        await after.finished(after.rig.backups.copies.import({ file, note: '', folder: to, cause })),
      ).toMatchObject({ state: 'completed' })
      expect(differences(before, listTree(to)).filter((line) => !line.startsWith('"."'))).toEqual([])
    },
  )

  test.each<string | number>(['backup.after-packs', 'backup.after-snapshot'])(
    'an import (%s): every snapshot that is listed is whole, and the import can be made again',
    async (when) => {
      using place = world()
      const before = listTree(place.site)
      await killed(place, 'import', place.at('made.tar.gz'), when)
      await using after = await next(place, before, 1)
      const ended = await after.finished(
        after.rig.backups.copies.import({ file: place.at('made.tar.gz'), note: '', folder: null, cause }),
      )
      expect(ended.state).toBe('completed')
      for (const { id } of after.rig.backups.snapshots()) {
        expect(await after.finished(after.rig.backups.verify({ snapshot: id, cause }))).toMatchObject({
          state: 'completed',
        })
      }
      // What was unpacked beside the repository went with the one who unpacked it.
      const work = join(place.folder, 'tmp')
      expect(existsSync(work) ? readdirSync(work) : []).toEqual([])
    },
  )

  test.each<string | number>(['extract.after-written', 700])(
    'a restore into another folder (%s): the site is untouched, the folder is not written into again until somebody empties it',
    async (when) => {
      using place = world()
      const before = listTree(place.site)
      const to = place.at('elsewhere')
      await killed(place, 'into', to, when)
      await using after = await next(place, before, 1)
      const into = () =>
        after.finished(after.rig.backups.copies.into({ snapshot: after.id, paths: null, folder: to, cause }))
      if (existsSync(to) && readdirSync(to).length > 0) {
        expect(await into()).toMatchObject({ state: 'failed', message: expect.stringContaining('not empty') })
        rmSync(to, { recursive: true })
      }
      expect(await into()).toMatchObject({ state: 'completed' })
      expect(readFileSync(join(to, 'data', 'file-3')).equals(noise(200_000, 4))).toBe(true)
    },
  )
})
