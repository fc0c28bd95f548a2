import type { Locator, Page } from 'playwright-core'
import type { JobView, StoreView } from '#shared/contract/index.ts'

/** What a person or the console does on a page over a scripted console, for specs that look at what the page makes of it. */
export interface ScriptedSteps {
  open(route: string): Promise<void>
  button(name: string | RegExp): Locator
  dialog(): Locator
  /** The strip on every page about the state of the store. */
  banner(): Locator
  /** What the page has asked of the console so far. */
  asked(): Promise<unknown>
  change(rest: Partial<StoreView>): Promise<void>
  changeDatabase(name: 'control' | 'messages', rest: Partial<StoreView['databases'][number]>): Promise<void>
  changeJob(id: string, rest: Partial<JobView>): Promise<void>
  /** From now on the console refuses jobs with this sentence. */
  refuse(message: string): Promise<void>
}

export function scriptedSteps(page: () => Page, pages: { readonly origin: string }): ScriptedSteps {
  return {
    async open(route) {
      await page().goto(`${pages.origin}testing/index.html#${route}`)
      await page().locator('main h1').first().waitFor()
    },
    button: (name) => page().getByRole('button', { name, exact: true }),
    dialog: () => page().getByRole('dialog'),
    banner: () => page().getByRole('region', { name: 'State of the store' }),
    asked: () => page().evaluate(() => window.scripted.asked),
    change: (rest) =>
      page().evaluate(
        (more) => window.scripted.change('store', { store: window.samples.store(Date.now(), more) }),
        rest,
      ),
    changeDatabase: (name, rest) =>
      page().evaluate(
        ([wanted, more]) => {
          const store = window.samples.store(Date.now())
          const databases = store.databases.map((database) =>
            database.name === wanted ? { ...database, ...more } : database,
          )
          window.scripted.change('store', { store: { ...store, databases } })
        },
        [name, rest] as const,
      ),
    changeJob: (id, rest) =>
      page().evaluate(
        ([job, more]) => {
          const before = window.scripted.slices.jobs[job]
          window.scripted.change('jobs', { [job]: { ...(before ?? window.samples.job(Date.now(), job)), ...more } })
        },
        [id, rest] as const,
      ),
    refuse: (message) =>
      page().evaluate((sentence) => {
        window.scripted.refusingJobs = {
          code: 'job-busy',
          message: sentence,
          remedy: 'Wait until it has ended, then try again.',
          retryable: true,
          params: {},
        }
      }, message),
  }
}
