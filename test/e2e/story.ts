import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { until } from '../support/until.ts'
import { type Desk, type Home, type LaunchDesk, makeHome, wheelhouse, wheelhouseJson } from './desk.ts'
import { goTo, restoreByClicks, seenInPage, undoByClicks } from './page-steps.ts'
import {
  addSlowService,
  allHealthy,
  answers,
  backUp,
  codeFiles,
  configValid,
  consultations,
  destroy,
  events,
  journalOf,
  leadsTo,
  leftovers,
  onlyOnce,
  publishFromOutside,
  running,
  type SnapshotRow,
  services,
  serving,
  settled,
} from './site-steps.ts'

/**
 * The main job of the console, as a technician meets it, told once per host: a site starts, something breaks and comes back, a
 * backup is taken, everything is destroyed, brought back, and the bringing back undone; the console is killed in the middle.
 * `missing` is why it cannot be told on this machine, if it cannot.
 */
export function consoleStory(host: string, launch: LaunchDesk, missing: string | null): void {
  describe(`the console in the ${host} host`, () => {
    const folder = temporaryFolder()
    let home: Home
    let desk: Desk
    let asShipped = ''

    beforeAll(async () => {
      if (missing !== null) return
      home = await makeHome(folder.path)
      asShipped = await readFile(join(home.site, 'site.yaml'), 'utf8')
      await addSlowService(home)
      desk = await launch(home)
    })
    afterAll(async () => {
      await desk?.quit()
      folder[Symbol.dispose]()
    })

    it('has a usable page while services still start', async () => {
      await goTo(desk.page, 'Services')
      await desk.page.getByRole('heading', { name: 'Services' }).waitFor()
      const slow = await until('the slow service', async () => (await services(home)).find(({ id }) => id === 'slow'))
      expect(slow.state).toBe('starting')
      await until('every other service', async () => {
        const others = (await services(home)).filter(({ id }) => id !== 'slow')
        return others.length === 5 && others.every(({ health }) => health === 'healthy')
      })
      expect((await services(home)).find(({ id }) => id === 'slow')?.state).toBe('starting')
      await desk.quit()
      await writeFile(join(home.site, 'site.yaml'), asShipped)
      desk = await launch(home)
      await until('everything healthy', () => allHealthy(home))
    })

    it('starts services in the order of their needs', async () => {
      const started = (await events(home, ['--kind', 'service.started'])).map(({ subject }) => subject)
      expect(started.indexOf('service:broker')).toBeLessThan(started.indexOf('service:api'))
      expect(started.indexOf('service:database')).toBeLessThan(started.indexOf('service:api'))
      expect(started.indexOf('service:api')).toBeLessThan(started.indexOf('service:kiosk'))
    })

    it('shows a message from outside, and routes it', async () => {
      const { page } = desk
      await goTo(page, 'Messages')
      const rows = page.getByRole('region', { name: 'Messages' }).or(page.locator('main'))
      await rows.getByText('consultease/faculty/').first().waitFor()
      // How soon it is shown is measured by `npm run bench -- window`.
      const word = `outside-${process.pid}`
      const seen = seenInPage(page, word)
      await publishFromOutside(
        home,
        'consultease/faculty/outsider/status',
        `{"present":true,"battery":81,"note":"${word}"}`,
      )
      await seen
      const { rows: journal } = await journalOf(home)
      expect(journal.some(({ payload }) => payload.includes('outsider'))).toBe(true)
    })

    it('brings a killed service back, and the timeline says why, each step caused by the one before', async () => {
      const api = (await services(home)).find(({ id }) => id === 'api')
      const before = (await events(home, ['--limit', '1'])).at(-1)?.seq ?? 0
      process.kill(api?.pid ?? 0, 'SIGKILL')
      const chain = await until('exit, unhealthy, restart, healthy', async () => {
        const since = (await events(home, ['--subject', 'service:api'])).filter(({ seq }) => seq > before)
        const find = (kind: string) => since.find((event) => event.kind === kind)
        const [exited, unhealthy, restarting, healthy] = [
          find('service.exited'),
          find('service.unhealthy'),
          find('service.restarting'),
          find('service.healthy'),
        ]
        return exited && unhealthy && restarting && healthy && { exited, unhealthy, restarting, healthy, since }
      })
      expect(chain.unhealthy.cause).toEqual({ type: 'event', id: chain.exited.id })
      for (const effect of [chain.restarting, chain.healthy]) {
        expect(leadsTo(effect, chain.exited, chain.since), `${effect.kind} leads back to the exit`).toBe(true)
      }
      await goTo(desk.page, 'Timeline')
      await desk.page.getByText(chain.exited.message).first().waitFor()
      await until('the api answers', () => answers(home.ports.api))
    })

    it('backs up with one click while everything runs, and says that it was verified', async () => {
      const { page } = desk
      await goTo(page, 'Overview')
      await page.getByRole('button', { name: 'Back up now' }).first().click()
      const snapshot = await until('a verified snapshot', async () => {
        const { snapshots } = await wheelhouseJson<{ snapshots: SnapshotRow[] }>(home, ['snapshots'])
        return snapshots.find(({ kind, verified }) => kind === 'full' && verified?.ok)
      })
      expect(snapshot.databases).toBeGreaterThanOrEqual(1)
    })

    it('restores database and code that were deleted while the site ran, and loses no consultation of the snapshot', async () => {
      const kept = await consultations(home)
      await backUp(home)
      await destroy(home)
      await until('the api to be down', async () => !(await answers(home.ports.api)))
      await restoreByClicks(desk.page, home)
      await until('the api answers again', () => answers(home.ports.api))
      const after = await consultations(home)
      expect(kept.filter(({ id }) => !after.some((row) => row.id === id))).toEqual([])
    })

    it('undoes the restore, damage included, and undoes the undo', async () => {
      const { page } = desk
      await undoByClicks(page, home)
      expect(existsSync(join(home.site, 'data/consultease.db'))).toBe(false)
      expect(await codeFiles(home)).toEqual([])
      await undoByClicks(page, home)
      await until('the api answers again', () => answers(home.ports.api))
      expect((await codeFiles(home)).length).toBeGreaterThan(2)
    })

    it('finds its services again after it was killed itself: none twice, none lost', async () => {
      const before = await running(home)
      await desk.kill()
      expect(await running(home)).toEqual(before.filter(({ service }) => service !== 'broker'))
      desk = await launch(home)
      await until('everything healthy', () => allHealthy(home))
      const after = await running(home)
      expect(after).toEqual(before)
      const adopted = (await events(home, ['--kind', 'service.adopted'])).map(({ subject }) => subject)
      expect(adopted).toEqual(expect.arrayContaining(['service:api', 'service:kiosk', 'service:desk-units']))
    })

    for (const point of [
      'restore.after-stage',
      'restore.after-stop',
      'restore.intent-written',
      'restore.swap-entry:2',
      'restore.swapped',
    ]) {
      it(`finishes or undoes a restore in which it was killed at ${point}, and says so`, roundsLast, async () => {
        await backUp(home)
        await desk.quit()
        desk = await launch(home, { WHEELHOUSE_CRASH_AT: point })
        await until('everything healthy', () => allHealthy(home))
        await destroy(home)
        const restore = wheelhouse(home, ['restore', '--yes'])
        await desk.ended
        await restore
        await desk.kill()
        desk = await launch(home)
        await settled(home)
        const told = (await events(home, ['--limit', '200'])).filter(
          ({ kind }) => kind.startsWith('restore.') || kind === 'job.interrupted',
        )
        expect(told.length).toBeGreaterThan(0)
        await onlyOnce(home)
        // Undone: the damage is still there and a second restore puts it right. Finished: everything is back already.
        await serving(home)
        expect(await leftovers(home)).toEqual([])
      })
    }

    it(
      'survives being killed at three moments between the crash points, in the middle of a restore',
      roundsLast,
      async () => {
        for (const wait of [40, 220, 610]) {
          await destroy(home)
          const restore = wheelhouse(home, ['restore', '--yes'])
          await new Promise((resolve) => setTimeout(resolve, 900 + wait))
          await desk.kill()
          await restore
          desk = await launch(home)
          await settled(home)
          await onlyOnce(home)
          await serving(home)
        }
        expect(await leftovers(home)).toEqual([])
      },
    )

    for (const { what, edit, says } of mistakes) {
      it(`explains ${what} with file, line and remedy, on screen and on the command line, and goes on`, async () => {
        const file = join(home.site, 'site.yaml')
        const good = await readFile(file, 'utf8')
        try {
          await writeFile(file, edit(good))
          const checked = await wheelhouse(home, ['config', 'check'])
          expect(checked.code).toBe(1)
          expect(`${checked.out}${checked.err}`).toMatch(says)
          expect(`${checked.out}${checked.err}`).toMatch(/site\.yaml:\d+/)
          await goTo(desk.page, 'Settings')
          await desk.page
            .getByRole('button', { name: /Read .*again|Reload/ })
            .first()
            .click()
          await desk.page.getByText(says).first().waitFor()
          expect(await answers(home.ports.api)).toBe(true)
        } finally {
          await writeFile(file, good)
          await desk.page
            .getByRole('button', { name: /Read .*again|Reload/ })
            .first()
            .click()
          await until('the good file to be in use', () => configValid(home))
        }
      })
    }

    it('names who holds a port that a service needs', async () => {
      await wheelhouse(home, ['stop', 'kiosk'])
      const { createServer } = await import('node:net')
      const holder = createServer().listen(home.ports.kiosk, '127.0.0.1')
      try {
        const started = await wheelhouse(home, ['start', 'kiosk'])
        expect(started.code).toBe(1)
        expect(`${started.out}${started.err}`).toMatch(
          new RegExp(`${home.ports.kiosk}.*${process.pid}|${process.pid}.*${home.ports.kiosk}`),
        )
      } finally {
        await new Promise((resolve) => holder.close(resolve))
      }
      expect((await wheelhouse(home, ['start', 'kiosk'])).code).toBe(0)
    })

    it('leaves nothing behind when it quits', async () => {
      await desk.quit()
      await until('no process of the site', async () => (await running(home)).length === 0)
    })
  })
}

/** A round of restore, kill, start and restore again takes a loaded machine more than a minute. */
const roundsLast = { timeout: 300_000 } as const

const mistakes: readonly { readonly what: string; readonly edit: (text: string) => string; readonly says: RegExp }[] = [
  { what: 'an unknown key', edit: (text) => text.replace('needs:', 'nedes:'), says: /the key .nedes./ },
  {
    what: 'a circle of needs',
    edit: (text) => text.replace('    use: broker\n', '    use: broker\n    needs: { kiosk: ready }\n'),
    says: /kiosk → api → broker → kiosk|broker → kiosk → api → broker|api → broker → kiosk → api/,
  },
  {
    what: 'a missing file',
    edit: (text) => text.replace('services/kiosk.mjs', 'services/koisk.mjs'),
    says: /koisk\.mjs/,
  },
  { what: 'bad YAML', edit: (text) => text.replace('services:', 'services: ['), says: /YAML|expected|bracket|flow/i },
  {
    what: 'a site from a newer version',
    edit: (text) => text.replace('wheelhouse: 1', 'wheelhouse: 2'),
    says: /newer|version 2/,
  },
]
