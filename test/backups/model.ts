import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type BackupRig, openBackupRig } from '../support/backup-rig.ts'
import { noise } from '../support/odd-site.ts'
import { testRuntime } from '../support/runtime.ts'
import { differences, type ListedEntry, listTree } from '../support/tree-listing.ts'
import { forget } from './forget.ts'
import { lookIntoRepository } from './repository-look.ts'

type Listing = Map<string, ListedEntry>

/** Names that edits choose from: few, so that they meet. */
const tops = ['data', 'code', 'releases', 'notes.txt', 'current', 'odd \n name']
const names = ['a', 'b', 'c.txt', 'd e', 'žluť', '-f']

/**
 * A site that is edited, backed up, pruned, restored and undone at random, beside a plain record of what it looked like each time
 * (find and sha256sum): whatever comes back must be that, to the byte, the mode and the microsecond.
 */
export class BackupModel {
  readonly #site: string
  readonly #folder: string
  readonly #random: () => number
  readonly #rig: BackupRig
  readonly #snapshots = new Map<string, Listing>()
  #undoTo: Listing | null = null
  #edits = 0
  readonly counts = { edits: 0, backups: 0, prunes: 0, restores: 0, undos: 0 }
  readonly problems: string[] = []

  private constructor(folder: string, rig: BackupRig, random: () => number) {
    this.#site = join(folder, 'site')
    this.#folder = join(folder, 'backups')
    this.#rig = rig
    this.#random = random
  }

  static async open(folder: string, random: () => number): Promise<BackupModel & AsyncDisposable> {
    const site = join(folder, 'site')
    mkdirSync(site)
    writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
    const rig = await openBackupRig({ site, folder: join(folder, 'backups') })
    const model = new BackupModel(folder, rig, random)
    return Object.assign(model, { [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() })
  }

  /** One step; `actShare` of them are something other than an edit. */
  async step(actShare: number): Promise<void> {
    if (this.#snapshots.size > 0 && this.#random() > actShare) {
      this.#edit()
      return
    }
    const choice = this.#random()
    if (this.#snapshots.size === 0 || choice < 0.45) await this.#backUp()
    else if (choice < 0.75) await this.#restore()
    else if (choice < 0.9) await this.#undo()
    else await this.#prune()
  }

  /** Every snapshot that is left is restored at the end, by this reader and by the product. */
  async end(): Promise<void> {
    const { snapshots, problems } = lookIntoRepository(this.#folder)
    this.problems.push(...problems)
    for (const id of this.#snapshots.keys()) if (!snapshots.has(id)) this.problems.push(`${id} is gone`)
    const left = [...this.#snapshots.keys()]
    for (const id of [left[0], left[left.length >> 1]]) if (id !== undefined) await this.#restore(id)
  }

  async #backUp(): Promise<void> {
    const listing = listTree(this.#site)
    const id = await this.#rig.backUp()
    this.#snapshots.set(id, listing)
    this.counts.backups++
    this.#compare(`backup ${this.counts.backups} changed the site`, listing)
  }

  async #restore(id = this.#oneOf([...this.#snapshots.keys()])): Promise<void> {
    const before = listTree(this.#site)
    const ended = await this.#rig.restore(id)
    this.counts.restores++
    const title = `restore ${this.counts.restores} of ${id} after ${this.counts.edits} edits`
    if (ended.state !== 'completed') this.problems.push(`${title}: ${ended.message}`)
    this.#compare(title, this.#snapshots.get(id) ?? new Map())
    if (ended.data.restorePoint) this.#undoTo = before
  }

  async #undo(): Promise<void> {
    if (!this.#undoTo) return
    const before = listTree(this.#site)
    const ended = await this.#rig.undo()
    this.counts.undos++
    const title = `undo ${this.counts.undos} after ${this.counts.edits} edits`
    if (ended.state !== 'completed') this.problems.push(`${title}: ${ended.message}`)
    this.#compare(title, this.#undoTo)
    if (ended.data.restorePoint) this.#undoTo = before
  }

  /** Some go, the newest never. */
  async #prune(): Promise<void> {
    const all = [...this.#snapshots.keys()].slice(0, -1)
    const going = all.filter(() => this.#random() < 0.4)
    await forget({ site: this.#site, folder: this.#folder }, going, testRuntime())
    for (const id of going) this.#snapshots.delete(id)
    this.counts.prunes++
  }

  #compare(title: string, expected: Listing): void {
    const apart = differences(expected, listTree(this.#site))
    if (apart.length > 0) this.problems.push(`${title}: ${apart.slice(0, 5).join('; ')}`)
  }

  #edit(): void {
    this.counts.edits++
    const path = this.#path()
    const choice = Math.floor(this.#random() * 10)
    // What a random edit cannot do, such as a file where a folder is, it leaves.
    try {
      this.#change(choice, path)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
    }
  }

  #change(choice: number, path: string): void {
    const seed = ++this.#edits
    if (choice <= 2) writeFileSync(path, noise(Math.floor(this.#random() ** 4 * 2_000_000), seed))
    else if (choice === 3) appendFileSync(path, `line ${seed}\n`)
    else if (choice === 4) rmSync(path, { recursive: true })
    else if (choice === 5) renameSync(path, this.#path())
    else if (choice === 6) mkdirSync(path, { recursive: true })
    else if (choice === 7 && existsSync(path) && !lstatSync(path).isSymbolicLink())
      chmodSync(path, 0o500 + Math.floor(this.#random() * 0o300))
    else if (choice === 8) symlinkSync(this.#random() < 0.5 ? 'a' : '../nowhere', path)
    else if (existsSync(path) && lstatSync(path).isFile()) truncateSync(path, Math.floor(this.#random() * 3_000_000))
  }

  #path(): string {
    const depth = Math.floor(this.#random() * 4)
    let path = join(this.#site, this.#oneOf(tops))
    for (let level = 0; level < depth; level++) {
      try {
        mkdirSync(path)
      } catch {
        // It is there, or a file is.
      }
      path = join(path, this.#oneOf(names))
    }
    return path
  }

  #oneOf(list: readonly string[]): string {
    return list[Math.floor(this.#random() * list.length)] ?? ''
  }
}
