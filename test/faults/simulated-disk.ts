import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Operation } from './trace.ts'

/** What a power cut leaves of everything that was not made durable. */
export type Remainder = 'nothing' | 'all' | 'some'

type Change = { readonly at: number; readonly data: Buffer } | { readonly size: number }

/** A file apart from its names. */
interface File {
  /** What is on the medium for certain. */
  durable: Buffer
  /** What was written since the last fsync, in order. */
  changes: Change[]
}

/** A symbolic link, which is its target. */
interface Link {
  readonly target: string
}

type Entry = File | Link | 'folder'
type Names = Map<string, Entry>

interface NameChange {
  /** The folders whose fsync makes it durable. */
  readonly folders: readonly string[]
  readonly apply: (names: Names) => void
}

/** What a sector of a disk holds; it is written whole or not at all (https://www.sqlite.org/atomiccommit.html, section 2). */
const sector = 512

/**
 * A file system as weak as POSIX allows, and as strong as file systems with a journal are (ext4, XFS, Btrfs; see Pillai and
 * others, "All File Systems Are Not Created Equal", OSDI 2014; fsync(2)):
 *
 * - What was written to a file is durable after an fsync or fdatasync of that file; until then each of its sectors may be there or not,
 *   in any order, whatever was written before or after it. A file may have its new length without its new content: zeros then.
 * - A fsync of a file does not make its name durable: "that requires an explicit fsync on the directory".
 * - Names (creation, rename, removal, new folders) change one by one in the order of the calls: a rename is there whole or not at
 *   all, and none is there before an earlier one. An fsync of a folder makes everything durable up to the last change in it.
 * - Content and names know nothing of each other: a file may have its final name and none of its content. A symbolic link is a name.
 *
 * Rights, owners and times are not simulated, nor pipes, sockets and devices.
 */
export class SimulatedDisk {
  readonly #root: string
  readonly #files = new Map<number, File>()
  readonly #durableNames: Names = new Map()
  #nameChanges: NameChange[] = []
  /** As the program saw it: everything has happened. */
  readonly #names: Names = new Map()

  /** Begins with what lies in a folder, all of it durable. The folder must exist. */
  constructor(root: string) {
    this.#root = root
    this.#look(root)
  }

  /** What happened next. Marks are nothing to a disk. */
  apply(operation: Operation): void {
    switch (operation.type) {
      case 'create': {
        const file: File = { durable: Buffer.alloc(0), changes: [] }
        this.#files.set(operation.inode, file)
        this.#rename([operation.path], (names) => names.set(operation.path, file))
        return
      }
      case 'mkdir':
        this.#rename([operation.path], (names) => names.set(operation.path, 'folder'))
        return
      case 'unlink':
        this.#rename([operation.path], (names) => names.delete(operation.path))
        return
      case 'rename':
        this.#rename([operation.from, operation.to], (names) => moveAll(names, operation.from, operation.to))
        return
      case 'link':
        this.#rename([operation.to], (names) => {
          const entry = names.get(operation.from)
          if (entry) names.set(operation.to, entry)
        })
        return
      case 'symlink':
        this.#rename([operation.path], (names) => names.set(operation.path, { target: operation.target }))
        return
      case 'write':
        this.#file(operation.inode, operation.path).changes.push({ at: operation.at, data: operation.data })
        return
      case 'truncate':
        this.#file(operation.inode, operation.path).changes.push({ size: operation.size })
        return
      case 'sync':
        this.#sync(operation.path, operation.inode)
        return
      case 'mark':
        return
    }
  }

  /** Writes into `folder` what would be found of the root after a power cut now. `random` gives numbers in [0, 1). */
  cut(folder: string, remainder: Remainder, random: () => number): void {
    const waiting = this.#nameChanges.length
    const count = { nothing: 0, all: waiting, some: Math.floor(random() * (waiting + 1)) }[remainder]
    const names: Names = new Map(this.#durableNames)
    for (const { apply } of this.#nameChanges.slice(0, count)) apply(names)
    mkdirSync(folder, { recursive: true })
    for (const [path, entry] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const to = join(folder, relative(this.#root, path))
      if (entry === 'folder') mkdirSync(to, { recursive: true, mode: 0o700 })
      else if ('target' in entry) symlinkSync(entry.target, to)
      else writeFileSync(to, contentAfterCut(entry, remainder, random), { mode: 0o600 })
    }
  }

  #look(folder: string): void {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isSymbolicLink()) this.#found(path, { target: readlinkSync(path) })
      else if (entry.isFile()) this.#found(path, this.#foundFile(path))
      else if (entry.isDirectory()) {
        this.#found(path, 'folder')
        this.#look(path)
      }
    }
  }

  /** Several names of one file are one file. */
  #foundFile(path: string): File {
    const { ino } = statSync(path)
    const file = this.#files.get(ino) ?? { durable: readFileSync(path), changes: [] }
    this.#files.set(ino, file)
    return file
  }

  #found(path: string, entry: Entry): void {
    this.#durableNames.set(path, entry)
    this.#names.set(path, entry)
  }

  #rename(paths: readonly string[], apply: (names: Names) => void): void {
    apply(this.#names)
    this.#nameChanges.push({ folders: paths.map((path) => dirname(path)), apply })
  }

  #file(inode: number, path: string): File {
    const file = this.#files.get(inode)
    if (!file) throw new Error(`The trace writes to ${path}, which it did not create.`)
    return file
  }

  #sync(path: string, inode: number): void {
    if (path === this.#root || this.#names.get(path) === 'folder') {
      const last = this.#nameChanges.findLastIndex(({ folders }) => folders.includes(path))
      for (const { apply } of this.#nameChanges.splice(0, last + 1)) apply(this.#durableNames)
      return
    }
    const file = this.#file(inode, path)
    file.durable = file.changes.reduce((content, change) => changed(content, change), file.durable)
    file.changes = []
  }
}

/** A folder takes along what is in it. */
function moveAll(names: Names, from: string, to: string): void {
  for (const [path, entry] of [...names]) {
    if (path !== from && !path.startsWith(`${from}/`)) continue
    names.delete(path)
    names.set(to + path.slice(from.length), entry)
  }
}

function contentAfterCut({ durable, changes }: File, remainder: Remainder, random: () => number): Buffer {
  if (remainder === 'nothing') return durable
  if (remainder === 'all') return changes.reduce((content, change) => changed(content, change), durable)
  // Some cuts lose nearly everything, some nearly nothing.
  const share = random()
  const keeps = () => random() < share
  return changes.reduce((content, change) => {
    if ('size' in change) return keeps() ? changed(content, change) : content
    const grown = keeps() ? extended(content, change.at + change.data.length) : content
    return sectorsOf(change).reduce((now, piece) => (keeps() ? changed(now, piece) : now), grown)
  }, durable)
}

/** A write as pieces of one sector each. */
function sectorsOf({ at, data }: { readonly at: number; readonly data: Buffer }): { at: number; data: Buffer }[] {
  const pieces: { at: number; data: Buffer }[] = []
  for (let from = at; from < at + data.length; ) {
    const to = Math.min(at + data.length, (Math.floor(from / sector) + 1) * sector)
    pieces.push({ at: from, data: data.subarray(from - at, to - at) })
    from = to
  }
  return pieces
}

function changed(content: Buffer, change: Change): Buffer {
  if ('size' in change) {
    return change.size <= content.length ? content.subarray(0, change.size) : extended(content, change.size)
  }
  const next = Buffer.from(extended(content, change.at + change.data.length))
  change.data.copy(next, change.at)
  return next
}

function extended(content: Buffer, length: number): Buffer {
  return length <= content.length ? content : Buffer.concat([content, Buffer.alloc(length - content.length)])
}
