import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import { archiveRefused, type TarEntry, type TarVisitor } from '#core/archive/index.ts'
import type { Owners } from '#core/platform/index.ts'
import { foldersOf } from '#shared/path-key.ts'
import { ownFolder } from '../capture/scope.ts'
import { fromRawKey, joinRaw, rawKey, shown } from '../raw-path.ts'
import { seconds } from '../restore/stage.ts'

export interface UnpackLimits {
  readonly entries: number
  /** Bytes of all files together. */
  readonly bytes: number
  /** How many times its own size an archive may unpack to, once it is beyond `ratioFrom` bytes. */
  readonly ratio: number
  readonly ratioFrom: number
}

export interface UnpackPorts {
  readonly owners: Owners
  readonly limits: UnpackLimits
  /** Bytes of the archive that were read so far. */
  read(): number
  onBytes(count: number): void
}

/**
 * Writes the entries of an archive into an empty folder. The archive is not believed: every folder is made here, symbolic links come
 * last and lead nowhere outside, a hard link leads to a file that was just unpacked, nothing is written twice.
 */
export class Unpacking implements TarVisitor {
  readonly #root: Buffer
  readonly #ports: UnpackPorts
  readonly #files = new Set<string>()
  readonly #folders = new Map<string, TarEntry | null>()
  readonly #links: TarEntry[] = []
  #entries = 0
  #bytes = 0
  /** Of the console's own folder, which is passed over. */
  skipped = 0
  /** What the archive says of itself. */
  readonly comments = new Map<string, string>()

  constructor(root: Buffer, ports: UnpackPorts) {
    this.#root = root
    this.#ports = ports
  }

  comment(records: ReadonlyMap<string, Buffer>): void {
    for (const [name, value] of records) this.comments.set(name, value.toString('utf8'))
  }

  async entry(entry: TarEntry, content: AsyncIterable<Buffer>): Promise<void> {
    if (++this.#entries > this.#ports.limits.entries)
      throw archiveRefused(`it holds more than ${this.#ports.limits.entries} entries`)
    const key = safePath(entry.path)
    if (key === null) return
    if (key.split('/')[0]?.toLowerCase() === ownFolder) {
      this.skipped++
      return
    }
    const placed = { ...entry, path: fromRawKey(key) }
    if (entry.type === 'folder') {
      if (this.#files.has(key)) throw twice(key)
      this.#makeFolders([...foldersOf(key), key])
      this.#folders.set(key, placed)
      return
    }
    if (this.#files.has(key) || this.#folders.has(key)) throw twice(key)
    this.#makeFolders(foldersOf(key))
    this.#files.add(key)
    if (entry.type === 'link') {
      assertInside(key, entry.target)
      this.#links.push(placed)
    } else if (entry.type === 'hard') this.#hardLink(key, entry.target)
    else await this.#write(placed, content)
  }

  /** Links, then rights and times of folders, the deepest first. */
  finish(): { readonly files: number; readonly bytes: number } {
    for (const link of this.#links) {
      symlinkSync(link.target, joinRaw(this.#root, link.path))
      this.#dress(link)
    }
    const folders = [...this.#folders].sort(([a], [b]) => foldersOf(b).length - foldersOf(a).length)
    for (const [, folder] of folders) if (folder) this.#dress(folder)
    return { files: this.#files.size - this.#links.length, bytes: this.#bytes }
  }

  async #write(entry: TarEntry, content: AsyncIterable<Buffer>): Promise<void> {
    const { limits } = this.#ports
    if (this.#bytes + entry.size > limits.bytes)
      throw archiveRefused(`it unpacks to more than the ${limits.bytes} bytes that there is room for`)
    const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants
    const handle = openSync(joinRaw(this.#root, entry.path), O_WRONLY | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0), 0o600)
    try {
      for await (const piece of content) {
        for (let done = 0; done < piece.length; ) done += writeSync(handle, piece, done)
        this.#bytes += piece.length
        this.#ports.onBytes(piece.length)
        if (this.#bytes > limits.ratioFrom && this.#bytes > limits.ratio * Math.max(1, this.#ports.read())) {
          throw archiveRefused(`it unpacks to more than ${limits.ratio} times its size`)
        }
      }
    } finally {
      closeSync(handle)
    }
    this.#dress(entry)
  }

  #hardLink(key: string, target: Buffer): void {
    const first = safePath(target)
    const there = first !== null && this.#files.has(first) && first !== key
    const path = joinRaw(this.#root, fromRawKey(first ?? ''))
    if (!there || !lstatSync(path, { throwIfNoEntry: false })?.isFile()) {
      throw archiveRefused(`"${shown(fromRawKey(key))}" is a second name of "${shown(target)}", which is no file of it`)
    }
    linkSync(path, joinRaw(this.#root, fromRawKey(key)))
  }

  #makeFolders(keys: readonly string[]): void {
    for (const key of keys) {
      if (this.#folders.has(key)) continue
      if (this.#files.has(key)) throw twice(key)
      mkdirSync(joinRaw(this.#root, fromRawKey(key)), { mode: 0o755 })
      this.#folders.set(key, null)
    }
  }

  #dress(entry: TarEntry): void {
    const { owners } = this.#ports
    const path = joinRaw(this.#root, entry.path)
    const time = seconds(String(entry.mtime))
    const link = entry.type === 'link'
    if (owners.mayGive) {
      const uid = (entry.user === '' ? null : owners.userId(entry.user)) ?? entry.uid
      const gid = (entry.group === '' ? null : owners.groupId(entry.group)) ?? entry.gid
      if (link) lchownSync(path, uid, gid)
      else chownSync(path, uid, gid)
    }
    if (!link) chmodSync(path, entry.mode)
    if (link) lutimesSync(path, time, time)
    else utimesSync(path, time, time)
  }
}

/** A path of an archive as a path key; null for the folder itself. Throws `archive-refused` for one that leads anywhere else. */
export function safePath(path: Buffer): string | null {
  const key = rawKey(path)
  if (key.startsWith('/')) throw archiveRefused(`"${shown(path)}" is an absolute path`)
  if (key.includes('\0')) throw archiveRefused(`a name in it holds a zero byte`)
  const names = key.split('/').filter((name) => name !== '' && name !== '.')
  if (names.includes('..')) throw archiveRefused(`"${shown(path)}" leads out of the folder`)
  if (names.some((name) => name.length > 255) || key.length > 4_096) throw archiveRefused('a name in it is too long')
  return names.length === 0 ? null : names.join('/')
}

function assertInside(key: string, target: Buffer): void {
  const leads = rawKey(target)
  let depth = foldersOf(key).length
  let out = leads.startsWith('/') || leads.includes('\0') || leads === ''
  for (const name of leads.split('/')) {
    if (name === '..') depth--
    else if (name !== '' && name !== '.') depth++
    out ||= depth < 0
  }
  if (out) throw archiveRefused(`the link "${shown(fromRawKey(key))}" leads to "${shown(target)}", outside of it`)
}

function twice(key: string) {
  return archiveRefused(`"${shown(fromRawKey(key))}" is there twice`)
}
