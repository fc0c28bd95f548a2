import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Clock, systemClock } from '#core/platform/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { openTestConsole } from '../support/test-console.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import { until } from '../support/until.ts'

it('a site opens, starts, stops and closes any number of times in one process, and leaves no handle', async () => {
  using folder = temporaryFolder()
  const site = await makeTinySite(join(folder.path, 'site'))
  const trusted = await openTestConsole(folder.path)
  await trusted.openInitial({ site: site.directory, otherwise: 'none', start: false })
  const { fingerprint = '' } = trusted.state.slice('site').get('site')?.trust ?? {}
  await trusted.site?.trust(fingerprint, { type: 'operator', via: 'command line' })
  await trusted.close({ services: 'stop' })

  // The first round loads what is loaded once: libraries, the thread pool.
  await round(folder.path, site.directory)
  const before = held()
  for (let n = 0; n < 3; n++) await round(folder.path, site.directory)
  await until('everything to be given back', () => sameAs(before)).catch(() => {})
  expect(held()).toEqual(before)
})

it('the console’s own databases are kept within what site.yaml says, from the opening on and after every reload', async () => {
  using folder = temporaryFolder()
  const stored = 'store: { control: 128MB, messages: 64MB }'
  const { directory } = await makeTinySite(join(folder.path, 'site'), { extra: stored })
  const operator = { type: 'operator', via: 'command line' } as const
  const console = await openTestConsole(folder.path)
  await console.openInitial({ site: directory, otherwise: 'none', start: false })
  const limits = () =>
    console.state
      .slice('store')
      .get('store')
      ?.databases.map(({ limitBytes }) => limitBytes / 1024 ** 2)
  expect(limits()).toEqual([128, 64])
  const { fingerprint = '' } = console.state.slice('site').get('site')?.trust ?? {}
  await console.site?.trust(fingerprint, operator)
  const file = join(directory, 'site.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace(stored, 'store: { messages: 256MB }'))
  await console.site?.reload(operator)
  await until('the other sizes to be shown', () => limits()?.join() === '1024,256')
  await console.close({ services: 'stop' })
})

async function round(home: string, directory: string): Promise<void> {
  const clock = new CountingClock()
  const console = await openTestConsole(home, clock)
  await console.openInitial({ site: directory, otherwise: 'none', start: true })
  await until('every service', () => {
    const services = Object.values(console.state.slice('services').all())
    return services.length === 3 && services.every(({ state }) => state === 'running')
  })
  await console.closeSite({ type: 'operator', via: 'command line' })
  await console.openSite(directory, { type: 'operator', via: 'command line' })
  await console.close({ services: 'stop' })
  expect(clock.waiting, 'timers that outlive the console').toBe(0)
}

/** The machine's clock, with a count of the timers that were neither fired nor disposed. */
class CountingClock implements Clock {
  readonly #clock = systemClock()
  readonly #timers = new Set<object>()

  get waiting(): number {
    return this.#timers.size
  }

  wall(): number {
    return this.#clock.wall()
  }

  monotonic(): number {
    return this.#clock.monotonic()
  }

  after(ms: number, action: () => void): Disposable {
    const key = {}
    this.#timers.add(key)
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(key)
      action()
    })
    return {
      [Symbol.dispose]: () => {
        this.#timers.delete(key)
        timer[Symbol.dispose]()
      },
    }
  }
}

/** What keeps this process busy: timers, sockets, threads, children; and its open files, which no list of Node's shows. */
function held(): { readonly resources: readonly string[]; readonly files: number } {
  const own = new Set(['TTYWrap', 'PipeWrap', 'Timeout', 'Immediate', 'CloseReq', 'FSReqPromise', 'MessagePort'])
  return {
    resources: process
      .getActiveResourcesInfo()
      .filter((name) => !own.has(name))
      .sort(),
    files: readdirSync('/proc/self/fd').length,
  }
}

function sameAs(before: ReturnType<typeof held>): boolean {
  return JSON.stringify(held()) === JSON.stringify(before)
}
