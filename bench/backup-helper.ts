import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Helper } from '#core/backup/program/engine-client.ts'
import { keys } from '#core/backup/repository/layout.ts'
import { noCrashPoints, silentLogger } from '#core/platform/index.ts'
import { testRuntime } from '../test/support/runtime.ts'
import { sizeOf } from './backup-peers.ts'

/** What one run of the helper took, from starting its process to its answer. */
export interface Run<T> {
  readonly value: T
  readonly ms: number
  /** The most memory that the helper's process had at a time, bytes. */
  readonly peak: number
}

/** The console's backups of one site in one folder, by the helper process as the console starts it, one for each task. */
export class HelperBackups {
  readonly #site: string
  readonly #repository: string
  /** The master key, as the console keeps it while it is unlocked. */
  #key: string | null = null

  constructor(site: string, folder: string) {
    mkdirSync(folder, { recursive: true })
    this.#site = site
    this.#repository = join(folder, 'repository')
  }

  /** Makes the repository, as peers do before they are measured. */
  async init(): Promise<void> {
    const made = await this.#run(this.#site, (helper) => helper.ask('lock', { what: 'a benchmark', create: true }))
    this.#key = made.value.key
  }

  /** Takes a full snapshot, read back and its databases opened. */
  backUp(): Promise<Run<{ readonly snapshot: string }>> {
    return this.#run(this.#site, async (helper) => {
      await helper.ask('lock', { what: 'a benchmark', create: false })
      return helper.ask('backup', {
        kind: 'full',
        scope: 'site',
        note: '',
        exclude: [],
        job: 'jb-bench',
        before: null,
      })
    })
  }

  /** Plans, stages, syncs and reads back everything of a snapshot beside an empty site folder, up to the swap. */
  restore(snapshot: string, to: string): Promise<Run<unknown>> {
    mkdirSync(to)
    return this.#run(to, async (helper) => {
      await helper.ask('lock', { what: 'a benchmark', create: false })
      const { swap, kept } = await helper.ask('plan', { snapshot, paths: null })
      return helper.ask('stage', {
        snapshot,
        paths: null,
        job: 'jb-bench',
        swap,
        swapped: swap.map(({ key }) => key),
        kept,
      })
    })
  }

  /** Reads every byte back and opens the databases. */
  async verify(snapshot: string): Promise<Run<unknown>> {
    const run = await this.#run(this.#site, async (helper) => {
      await helper.ask('lock', { what: 'a benchmark', create: false })
      return helper.ask('verify', { snapshot })
    })
    if (!run.value.ok) throw new Error(run.value.note)
    return run
  }

  /** Bytes of the repository. */
  size(): number {
    return sizeOf(this.#repository)
  }

  /** Bytes of it that are kept in reserve for a full disk. */
  reserve(): number {
    return statSync(join(this.#repository, keys.reserve), { throwIfNoEntry: false })?.size ?? 0
  }

  async #run<T>(directory: string, use: (helper: Helper) => Promise<T>): Promise<Run<T>> {
    const began = performance.now()
    const helper = new Helper({
      runtime: testRuntime(),
      target: { kind: 'folder', folder: this.#repository },
      site: { id: 'bench', name: 'Bench', directory },
      secrets: { key: this.#key, passphrase: 'a bench of four words', sealed: true },
      logger: silentLogger,
      crashPoints: noCrashPoints,
    })
    try {
      const value = await use(helper)
      return { value, ms: performance.now() - began, peak: peakOf(helper.pid) }
    } finally {
      await helper[Symbol.asyncDispose]()
    }
  }
}

/** The most that a process had resident so far, as the system counts it; NaN where it does not say. */
function peakOf(pid: number | undefined): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1]) * 1024
}
