import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Logger, writeDurably } from '#core/platform/index.ts'
import { type ConsoleView, consoleViewSchema } from '#shared/contract/state.ts'

type Recent = ConsoleView['recent'][number]

const recentSchema = consoleViewSchema.shape.recent
const most = 12

/** The sites that were opened before, newest first, in `<user data>/recent.json`. Losing the file loses only the list. */
export class RecentSites {
  readonly #path: string
  readonly #logger: Logger
  #list: readonly Recent[]

  static async open(folder: string, logger: Logger): Promise<RecentSites> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, 'recent.json')
    try {
      return new RecentSites(path, logger, recentSchema.parse(JSON.parse(await readFile(path, 'utf8'))))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
        logger.warn('The list of recent sites could not be read and starts anew.', { path, error: String(error) })
      }
      return new RecentSites(path, logger, [])
    }
  }

  private constructor(path: string, logger: Logger, list: readonly Recent[]) {
    this.#path = path
    this.#logger = logger
    this.#list = list
  }

  get list(): readonly Recent[] {
    return this.#list
  }

  /** Puts a site first. A disk that does not take the list costs no more than that: the site is open all the same. */
  async add(recent: Recent): Promise<void> {
    this.#list = [recent, ...this.#list.filter(({ directory }) => directory !== recent.directory)].slice(0, most)
    try {
      await writeDurably(this.#path, `${JSON.stringify(this.#list, null, 2)}\n`)
    } catch (error) {
      const path = this.#path
      this.#logger.warn('The list of recent sites could not be written.', { path, error: String(error) })
    }
  }
}
