import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type SandboxRecord, type SnapshotSource, sandboxRecordName, sandboxRecordSchema } from '#core/backup/index.ts'
import { RunMarks } from '#core/coordinator/index.ts'
import { type Clock, delay, type Logger, type Processes, writeDurably } from '#core/platform/index.ts'
import { serverFolder } from './database-servers.ts'
import { sandboxPlaces } from './sandbox-definition.ts'

export interface SandboxesParts {
  readonly site: { readonly directory: string; readonly own: string }
  /** Folder that site.yaml names; null: that in the site. */
  readonly folder: () => string | null
  readonly processes: Processes
  readonly source: Pick<SnapshotSource, 'discard'>
  readonly clock: Clock
  readonly logger: Logger
}

const goneWithinMs = 10_000
const lookEveryMs = 50

/** The folders in which snapshots are tried out, and the processes that belong to them. */
export class Sandboxes {
  readonly #parts: SandboxesParts

  constructor(parts: SandboxesParts) {
    this.#parts = parts
  }

  /** Makes the folder of one, with the record that says whose it is. Rejects with the system's error. */
  async make(job: string): Promise<string> {
    const [root = ''] = this.#roots()
    const folder = join(root, job)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const record: SandboxRecord = { site: this.#parts.site.directory, job, at: this.#parts.clock.wall() }
    const real = await realpath(folder)
    await writeDurably(join(real, sandboxRecordName), `${JSON.stringify(record)}\n`)
    return real
  }

  /** `WHEELHOUSE_RUN` of the process that opens a sandbox. */
  markOf(folder: string): string {
    return `${sandboxPrefix(folder)}main`
  }

  /** Folders of sandboxes that are there: of this site, and no other. */
  async left(): Promise<readonly string[]> {
    const found: string[] = []
    for (const root of new Set(this.#roots())) {
      for (const name of await readdir(root).catch(() => [])) {
        const folder = await realpath(join(root, name)).catch(() => null)
        if (folder && (await recordIn(folder))?.site === this.#parts.site.directory) found.push(folder)
      }
    }
    return found
  }

  /**
   * Kills everything that runs in a sandbox, found by its marks, which no process of the live site bears. Resolves with how many there
   * were, once they are gone.
   */
  async end(folder: string): Promise<number> {
    const { processes, clock, logger } = this.#parts
    const prefixes = [sandboxPrefix(folder), new RunMarks(sandboxPlaces(folder).site).prefix]
    const marked = () => prefixes.flatMap((prefix) => [...processes.findByRunPrefix(prefix).values()].flat())
    const deadline = clock.monotonic() + goneWithinMs
    const hit = new Set<number>()
    for (let left = marked(); left.length > 0; left = marked()) {
      for (const identity of left) {
        hit.add(identity.pid)
        processes.signal(identity, 'SIGKILL')
      }
      if (clock.monotonic() > deadline) {
        logger.error('Processes of a sandbox could not be ended.', { pids: left.map(({ pid }) => pid) })
        break
      }
      await delay(clock, lookEveryMs)
    }
    return hit.size
  }

  /** Ends what runs there and removes it with everything in it. */
  async remove(folder: string): Promise<void> {
    await this.end(folder)
    await rm(serverFolder(folder), { recursive: true, force: true })
    await this.#parts.source.discard(folder)
  }

  /** The folder for new ones first. */
  #roots(): readonly string[] {
    const { site, folder } = this.#parts
    const own = join(site.own, 'sandbox')
    const named = folder()
    return named === null ? [own] : [join(named, `wheelhouse-${shortOf(site.directory)}`), own]
  }
}

function sandboxPrefix(folder: string): string {
  return `sandbox-${shortOf(folder)}-`
}

function shortOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 8)
}

async function recordIn(folder: string): Promise<SandboxRecord | null> {
  try {
    return sandboxRecordSchema.parse(JSON.parse(await readFile(join(folder, sandboxRecordName), 'utf8')))
  } catch {
    return null
  }
}
