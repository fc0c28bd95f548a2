import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openBackupRig } from '../support/backup-rig.ts'
import { makeDatabase, noise } from '../support/odd-site.ts'
import { listTree } from '../support/tree-listing.ts'
import { type ActEnding, ActProcess } from './act-process.ts'
import type { Act, Place } from './acts.ts'
import { makeBenchSite, workOn } from './bench-site.ts'
import { complaint, type Listing, leftovers, repositoryProblems, siteDifferences } from './proof.ts'
import { lookIntoRepository, type RepositoryLook, snapshotDifferences } from './repository-look.ts'
import type { Rig } from './rig.ts'
import { placeIn } from './scenarios.ts'

const day = 86_400_000
const longestSwapMs = 250
/** Which act how often, of a hundred. */
const shares: readonly (readonly [Act, number])[] = [
  ['back up', 30],
  ['restore', 30],
  ['undo', 20],
  ['verify', 10],
  ['prune', 10],
]

/** What was done so far. */
export interface KillCounts {
  readonly kills: Readonly<Record<string, number>>
  /** Acts that came to their end before the kill. */
  readonly ended: number
  /** Restores and undos that were killed: how many the next console left as before, and how many it finished. */
  readonly before: number
  readonly after: number
  /** Snapshots that were acknowledged, and packs that were swept. */
  readonly snapshots: number
}

/**
 * One site with its backups that lives through one kill after the other: a console backs up, restores, undoes, checks or prunes, and it
 * or its helper is killed at a random moment; then the next one opens the site, and everything is checked.
 */
export class BackupLives implements AsyncDisposable {
  readonly #rig: Rig
  readonly #random: () => number
  readonly #place: Place
  readonly #folder: string
  readonly #console: ActProcess
  /** How long each act takes when nobody kills it. Milliseconds. */
  readonly #durations = new Map<Act, number>()
  /** What snapshots must hold, by id. */
  readonly #known = new Map<string, Listing>()
  /** The site before the last restore or undo: where Undo goes back to. */
  #undoTo: Listing | null = null
  /** The repository as it was found last; undefined once a console has worked on it. */
  #found: RepositoryLook | undefined
  #turn = 0
  #prunes = 0
  readonly problems: string[] = []
  readonly #kills: Record<string, number> = {}
  #ended = 0
  #before = 0
  #after = 0
  #snapshots = 0

  constructor(rig: Rig, folder: string, random: () => number) {
    this.#rig = rig
    this.#random = random
    this.#folder = folder
    this.#place = placeIn(folder)
    mkdirSync(this.#place.site, { recursive: true })
    makeBenchSite(this.#place.site)
    this.#console = new ActProcess({ driver: rig.driver, folder })
  }

  get counts(): KillCounts {
    const [kills, ended, before, after, snapshots] = [
      this.#kills,
      this.#ended,
      this.#before,
      this.#after,
      this.#snapshots,
    ]
    return { kills, ended, before, after, snapshots }
  }

  /** One act and one kill. */
  async live(): Promise<void> {
    this.#turn++
    if (this.#known.size === 0) {
      await this.#round('back up', null)
      return
    }
    if (this.#random() < 0.6) this.#edit()
    const act = this.#choose()
    await this.#round(act, this.#random() * 1.1 * (this.#durations.get(act) ?? 3_500))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#console[Symbol.asyncDispose]()
  }

  #choose(): Act {
    let left = this.#random() * 100
    const found = shares.find(([, share]) => {
      left -= share
      return left < 0
    })
    const act = found?.[0] ?? 'back up'
    return act === 'undo' && this.#undoTo === null ? 'restore' : act
  }

  async #round(act: Act, killAfterMs: number | null): Promise<void> {
    const before = listTree(this.#place.site)
    const target = this.#newest()
    const { ending, killed } = await this.#play(act, killAfterMs)
    this.#found = undefined
    const title = `round ${this.#turn}: ${act}, ${killed ?? 'not killed'}`
    const problems = await this.#checked(act, ending, before, target)
    this.problems.push(...problems.map((problem) => `${title}: ${problem}`))
  }

  /** The newest full snapshot, which a restore takes. */
  #newest(): string | null {
    const full = [...this.#look().snapshots.values()].filter(({ kind }) => kind === 'full')
    return full.sort((a, b) => a.at - b.at).at(-1)?.id ?? null
  }

  #look(): RepositoryLook {
    this.#found ??= lookIntoRepository(this.#place.folder)
    return this.#found
  }

  async #play(act: Act, killAfterMs: number | null): Promise<{ ending: ActEnding; killed: string | null }> {
    // A prune in two phases takes two days: each has a clock that is two days on.
    await using later =
      act === 'prune'
        ? new ActProcess({ driver: this.#rig.driver, folder: this.#folder, clockOffset: ++this.#prunes * 2 * day })
        : undefined
    const console = later ?? this.#console
    let killed: string | null = null
    let timer: NodeJS.Timeout | undefined
    const [amongRenames, delay] = [this.#random() < 0.4, this.#random() * longestSwapMs]
    const victim = this.#random() < 0.3 ? 'its helper' : 'the console'
    console.warm()
    const began = performance.now()
    const ending = await console.play({ ...this.#place, act, peril: 'none' }, () => {
      if (killAfterMs === null) return
      const kill = () => {
        const { pid } = console
        if (pid === undefined) return
        killed = `${victim} killed after ${Math.round(performance.now() - began)} ms`
        const kind = victim === 'the console' ? act : `helper of ${act}`
        this.#kills[kind] = (this.#kills[kind] ?? 0) + 1
        if (victim === 'the console') console.kill()
        else for (const child of childrenOf(pid)) killProcess(child)
      }
      if (!amongRenames || (act !== 'restore' && act !== 'undo')) timer = setTimeout(kill, killAfterMs)
      // The moments between the first rename and the last are few: they get a share of their own.
      else {
        const watch = () => {
          timer = hasRecord(this.#place.site) ? setTimeout(kill, delay) : setTimeout(watch, 1)
        }
        watch()
      }
    })
    clearTimeout(timer)
    if (killed === null || ending !== 'killed') this.#ended++
    if (killed === null) {
      const known = this.#durations.get(act)
      const took = performance.now() - began
      this.#durations.set(act, known === undefined ? took : (known + took) / 2)
    }
    if (ending === 'killed') console.warm()
    return { ending, killed }
  }

  async #checked(act: Act, ending: ActEnding, before: Listing, target: string | null): Promise<readonly string[]> {
    const place = this.#place
    const problems: string[] = []
    if (ending === 'hung') problems.push('it never ended')
    const told = typeof ending === 'string' ? undefined : ending
    try {
      await using rig = await openBackupRig({ ...place, runtime: this.#rig.runtime })
      const sentences = [...(await rig.backups.recover(rig.jobs.interrupted)), ...(told?.sentences ?? [])]
      problems.push(...sentences.flatMap(complaint), ...leftovers(place.site, sentences), ...(told?.uncaught ?? []))
    } catch (error) {
      problems.push(`the next console does not open it: ${error instanceof Error ? error.stack : String(error)}`)
    }
    problems.push(...this.#siteProblems(act, told?.state, before, target))
    this.#learn(act, before)
    if (told?.snapshot && !this.#known.has(told.snapshot))
      problems.push(`${told.snapshot} was acknowledged and is not there`)
    problems.push(...repositoryProblems({ found: this.#look(), acknowledged: this.#known }))
    return problems
  }

  #siteProblems(act: Act, state: string | undefined, before: Listing, target: string | null): readonly string[] {
    const found = listTree(this.#place.site)
    const asBefore = siteDifferences(before, found, true)
    if (act !== 'restore' && act !== 'undo') return asBefore
    const asAfter =
      act === 'undo' ? siteDifferences(this.#undoTo ?? new Map(), found, true) : this.#asRestored(target, found)
    if (asAfter.length === 0 && state !== 'failed') {
      // A restore to what was there already changes nothing, and nothing is there to undo.
      if (asBefore.length > 0) this.#undoTo = before
      if (state === undefined) this.#after++
      return []
    }
    if (asBefore.length === 0 && state !== 'completed') {
      this.#before++
      return []
    }
    return [
      `told ${state ?? 'nothing'}; the site is not as before: ${asBefore.slice(0, 3).join('; ')}`,
      `nor as after: ${asAfter.slice(0, 3).join('; ')}`,
    ]
  }

  #asRestored(target: string | null, found: Listing): readonly string[] {
    const snapshot = this.#look().snapshots.get(target ?? '')
    return snapshot ? snapshotDifferences(snapshot, found) : ['the snapshot is gone']
  }

  /** Snapshots that are new must hold the site as it was; those that a prune removed are forgotten, but never the newest. */
  #learn(act: Act, before: Listing): void {
    const { snapshots } = this.#look()
    const newest = this.#newest()
    if (act === 'prune') {
      for (const id of this.#known.keys()) if (!snapshots.has(id) && newest) this.#known.delete(id)
    }
    for (const { id } of snapshots.values()) {
      if (this.#known.has(id)) continue
      this.#known.set(id, before)
      this.#snapshots++
    }
  }

  #edit(): void {
    const { site } = this.#place
    const database = join(site, 'data', 'app.db')
    mkdirSync(join(site, 'data', 'uploads'), { recursive: true })
    const choice = this.#random()
    if (choice < 0.2) rmSync(join(site, 'releases'), { recursive: true, force: true })
    else if (choice < 0.3) rmSync(database, { force: true })
    else if (choice < 0.5) {
      mkdirSync(join(site, 'releases', 'one'), { recursive: true })
      writeFileSync(join(site, 'releases', 'one', 'api.mjs'), noise(60_000, this.#turn))
    } else if (choice < 0.6) appendFileSync(join(site, 'site.yaml'), `# ${this.#turn}\n`)
    else {
      if (!existsSync(database)) makeDatabase(database, 20)
      workOn(site, this.#turn % 7)
    }
  }
}

/** Whether a restore is under way whose intent is recorded. */
function hasRecord(site: string): boolean {
  try {
    return readdirSync(join(site, '.wheelhouse', 'swap')).some((name) => name.endsWith('.json'))
  } catch {
    return false
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return [] // It has ended.
  }
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
