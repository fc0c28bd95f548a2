import { createHash } from 'node:crypto'
import { chmodSync, closeSync, constants, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { shown } from '#core/archive/index.ts'
import type { ManifestEntry, ManifestFiles } from '../manifest.ts'
import { leadsOut } from './links.ts'
import { foldedKey, safeParts, windowsObjection } from './names.ts'
import { releaseRefused, remedies } from './refused.ts'

export interface StagingLimits {
  /** Files, links and folders. */
  readonly entries: number
  /** Bytes of all files together. */
  readonly bytes: number
  /** How many times its own size an archive may unpack to, once it is beyond `ratioFrom` bytes. */
  readonly ratio: number
  readonly ratioFrom: number
}

export interface StagingPorts {
  readonly limits: StagingLimits
  /** Bytes read of an archive so far; null for a source that cannot grow on the way. */
  readonly read: (() => number) | null
  onFile(bytes: number): void
}

/**
 * Writes what may be hostile into a folder that is empty, and hashes it on the way. Links are made last, so that nothing is ever written
 * through one. Rights are 644 or 755 at most: set-uid bits, and writing by others, do not come along.
 */
export class Staging {
  readonly #root: string
  readonly #ports: StagingPorts
  readonly #files = new Map<string, ManifestEntry>()
  readonly #folders = new Set<string>()
  readonly #links = new Map<string, string>()
  /** By folded key, the path as it was first written. */
  readonly #names = new Map<string, string>()
  readonly #notes = new Set<string>()
  #bytes = 0
  #special = 0
  #lastSpecial = ''

  constructor(root: string, ports: StagingPorts) {
    this.#root = root
    this.#ports = ports
  }

  folder(path: string): void {
    this.#makeFolders(safeParts(path))
  }

  async file(path: string, mode: number, content: AsyncIterable<Buffer>): Promise<void> {
    const key = this.#claim(path)
    if (mode & 0o7000) {
      this.#special++
      this.#lastSpecial = key
    }
    const rights = mode & 0o111 ? 0o755 : 0o644
    const hash = createHash('sha256')
    let size = 0
    const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants
    const target = join(this.#root, key)
    const handle = openSync(target, O_WRONLY | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0), 0o600)
    try {
      for await (const piece of content) {
        this.#grow(piece.length)
        for (let done = 0; done < piece.length; ) done += writeSync(handle, piece, done)
        hash.update(piece)
        size += piece.length
      }
    } finally {
      closeSync(handle)
    }
    chmodSync(target, rights)
    this.#files.set(key, { sha256: hash.digest('hex'), size, mode: rights.toString(8) })
    this.#ports.onFile(size)
  }

  link(path: string, target: Buffer): void {
    const leads = target.toString('utf8')
    if (!Buffer.from(leads).equals(target))
      throw releaseRefused(`a link in it leads to ${JSON.stringify(shown(target))}`)
    const key = this.#claim(path)
    this.#links.set(key, leads)
    this.#files.set(key, { link: leads })
  }

  /** Whether a file of this path was written: what a second name in an archive refers to. */
  fileAt(path: string): string | null {
    const key = safeParts(path).join('/')
    const entry = this.#files.get(key)
    return entry && 'size' in entry ? join(this.#root, key) : null
  }

  note(sentence: string): void {
    this.#notes.add(sentence)
  }

  /** Makes the links. Throws `release-refused` when one leads out. */
  finish(): { readonly files: ManifestFiles; readonly notes: readonly string[] } {
    for (const path of this.#links.keys()) {
      const out = leadsOut(path, this.#links)
      if (out) throw releaseRefused(`the link "${path}" leads to "${this.#links.get(path)}", ${out}`)
    }
    for (const [path, target] of this.#links) symlinkSync(target, join(this.#root, path))
    const special =
      this.#special > 0
        ? [
            `${this.#special} files had set-uid, set-gid or sticky bits, as ${this.#lastSpecial}; the bits were dropped.`,
          ]
        : []
    return { files: this.#files, notes: [...special, ...this.#notes] }
  }

  /** A path that nothing else has, its folders made. */
  #claim(path: string): string {
    const parts = safeParts(path)
    const key = parts.join('/')
    if (key === '') throw releaseRefused('an entry in it has no name')
    this.#makeFolders(parts.slice(0, -1))
    if (this.#files.has(key) || this.#folders.has(key)) throw releaseRefused(`"${key}" is there twice`)
    this.#take(key)
    return key
  }

  #makeFolders(parts: readonly string[]): void {
    for (let length = 1; length <= parts.length; length++) {
      const key = parts.slice(0, length).join('/')
      if (this.#folders.has(key)) continue
      if (this.#files.has(key)) throw releaseRefused(`"${key}" is a file or link, and something lies in it`)
      this.#take(key)
      mkdirSync(join(this.#root, key), { mode: 0o755 })
      chmodSync(join(this.#root, key), 0o755)
      this.#folders.add(key)
    }
  }

  /** Counts an entry, and looks at its name. */
  #take(key: string): void {
    const folded = foldedKey(key)
    const other = this.#names.get(folded)
    if (other !== undefined)
      throw releaseRefused(`"${other}" and "${key}" are the same name on systems that do not tell A from a`)
    this.#names.set(folded, key)
    if (this.#names.size > this.#ports.limits.entries)
      throw releaseRefused(`it holds more than ${this.#ports.limits.entries} files and folders`, remedies.size)
    const objection = windowsObjection(key.slice(key.lastIndexOf('/') + 1))
    if (objection && process.platform === 'win32') throw releaseRefused(`Windows cannot have "${key}": ${objection}`)
    if (objection && this.#notes.size < 20) this.#notes.add(`Windows could not have "${key}": ${objection}.`)
  }

  #grow(bytes: number): void {
    const { limits, read } = this.#ports
    this.#bytes += bytes
    if (this.#bytes > limits.bytes)
      throw releaseRefused(`it unpacks to more than the ${limits.bytes} bytes that it may have here`, remedies.size)
    if (read && this.#bytes > limits.ratioFrom && this.#bytes > limits.ratio * Math.max(1, read()))
      throw releaseRefused(`it unpacks to more than ${limits.ratio} times its size`)
  }
}
