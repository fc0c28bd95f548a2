import { mkdir, readdir, readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type Logger, writeDurably } from '#core/platform/index.ts'
import {
  deployedServiceSchema,
  deployFindingSchema,
  deployPhaseSchema,
  deployStepSchema,
  takeBackSchema,
} from '#shared/contract/deploys.ts'
import { causeSchema } from '#shared/vocabulary.ts'

/** One deploy as it is kept in `.wheelhouse/deploy/<id>.json`: written before each effect, so that it is always ahead of what was done. */
export const deployRecordSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  kind: z.enum(['deploy', 'roll-back']),
  title: z.string(),
  standing: z.object({
    phase: deployPhaseSchema,
    failedAt: z.union([deployStepSchema, z.literal('probation')]).nullable(),
    crashes: z.number().int(),
    allowed: z.number().int(),
    changes: z.number().int(),
    bad: z.boolean(),
  }),
  /** Releases by their ids. */
  release: z.string(),
  from: z.string(),
  at: z.number(),
  endedAt: z.number().nullable(),
  cause: causeSchema,
  job: z.string(),
  steps: z.array(
    z.object({
      id: deployStepSchema,
      state: z.enum(['pending', 'running', 'done', 'failed', 'skipped']),
      startedAt: z.number().nullable(),
      endedAt: z.number().nullable(),
    }),
  ),
  findings: z.array(deployFindingSchema),
  /** Services that are stopped for it. */
  services: z.array(deployedServiceSchema),
  /** Those of them that ran: started again, whichever way it ends. */
  wanted: z.array(z.string()),
  /** Checks of the list that passed before. */
  passed: z.array(z.string()),
  restorePoint: z.string().nullable(),
  /** The site's file before and after; null: it does not change. */
  config: z.object({ before: z.string(), after: z.string() }).nullable(),
  downMs: z.number().nullable(),
  failure: z.string().nullable(),
  sentence: z.string(),
  /** What a way back takes back. */
  takeBack: takeBackSchema,
  /** Of an operator's roll-back to data from before: the snapshot that is restored. */
  dataFrom: z.string().nullable(),
  tookBack: takeBackSchema.nullable(),
  probation: z.object({ until: z.number(), lengthMs: z.number() }).nullable(),
})
export type DeployRecord = z.infer<typeof deployRecordSchema>

/** Records that are kept. */
const mostRecords = 200

/** The records of a site, newest first. */
export class DeployRecords {
  readonly #folder: string
  readonly #logger: Logger
  readonly #all = new Map<string, DeployRecord>()

  private constructor(folder: string, logger: Logger) {
    this.#folder = folder
    this.#logger = logger
  }

  /** Reads them. One that cannot be understood is set aside: nothing is done by it, and it is told. */
  static async open(own: string, logger: Logger): Promise<DeployRecords> {
    const folder = join(own, 'deploy')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const records = new DeployRecords(folder, logger)
    await records.#read()
    return records
  }

  all(): readonly DeployRecord[] {
    return [...this.#all.values()].sort((one, other) => other.at - one.at)
  }

  get(id: string): DeployRecord | undefined {
    return this.#all.get(id)
  }

  /** In memory alone. */
  remember(record: DeployRecord): void {
    this.#all.set(record.id, record)
  }

  /** In memory at once; on disk, durably, when it resolves. Rejects when that cannot be done: the record on disk then is the one before. */
  async write(record: DeployRecord): Promise<void> {
    this.#all.set(record.id, record)
    await writeDurably(join(this.#folder, `${record.id}.json`), `${JSON.stringify(record)}\n`)
  }

  /** Removes the oldest ended ones beyond the bound. */
  async prune(): Promise<void> {
    for (const { id, endedAt } of this.all().slice(mostRecords)) {
      if (endedAt === null) continue
      await unlink(join(this.#folder, `${id}.json`)).catch(() => {})
      this.#all.delete(id)
    }
  }

  async #read(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name)
      // What a crash left of a file that was being written.
      if (name.startsWith('.tmp')) await unlink(path).catch(() => {})
      if (!name.endsWith('.json') || name.startsWith('.')) continue
      try {
        const record = deployRecordSchema.parse(JSON.parse(await readFile(path, 'utf8')))
        this.#all.set(record.id, record)
      } catch (error) {
        await rename(path, `${path}.unreadable`).catch(() => {})
        this.#logger.error('The record of a deploy cannot be understood and was set aside.', {
          file: `${path}.unreadable`,
          error: String(error),
        })
      }
    }
  }
}
