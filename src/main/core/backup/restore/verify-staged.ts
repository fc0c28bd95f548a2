import { lstatSync, readlinkSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { foldersOf } from '#shared/path-key.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Scope } from '../capture/scope.ts'
import { FileChecker } from '../crew/check-files.ts'
import type { Crew } from '../crew/crew.ts'
import type { FileToCheck } from '../crew/tasks.ts'
import { fromRawKey, joinRaw, shown } from '../raw-path.ts'
import type { BlobReader } from '../repository/blob-reader.ts'
import { nameBytes, readTree, type TreeEntry, targetBytes } from '../repository/tree.ts'
import type { PlacedEntry } from './stage.ts'

/** What goes to a thread at once, whichever is reached first. */
const orderBytes = 16 * 1024 * 1024
const orderFiles = 512
/** Less than this is read at once: a thread would have to start first. */
const checkHere = 1024 * 1024

/** Reads what was staged back from disk and compares it with the snapshot. Rejects with `restore-not-staged`. */
export async function verifyStaged(
  root: Buffer,
  entries: readonly PlacedEntry[],
  scope: Pick<Scope, 'place'>,
  ports: { readonly reader: BlobReader; readonly crew: Crew },
): Promise<void> {
  await new StagedCheck(scope, ports).run(root, entries)
}

class StagedCheck {
  readonly #scope: Pick<Scope, 'place'>
  readonly #reader: BlobReader
  readonly #crew: Crew
  readonly #running = new Set<Promise<void>>()
  #files: FileToCheck[] = []
  #bytes = 0
  #failure: unknown

  constructor(scope: Pick<Scope, 'place'>, { reader, crew }: { readonly reader: BlobReader; readonly crew: Crew }) {
    this.#scope = scope
    this.#reader = reader
    this.#crew = crew
  }

  async run(root: Buffer, entries: readonly PlacedEntry[]): Promise<void> {
    try {
      for (const { key, entry } of entries) {
        await this.#folder(root, fromRawKey(foldersOf(key).at(-1) ?? ''), [entry])
      }
      await this.#send()
    } finally {
      await Promise.all(this.#running)
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  async #folder(root: Buffer, below: Buffer, entries: readonly TreeEntry[]): Promise<void> {
    await turn()
    for (const entry of entries) {
      const place = joinRaw(below, nameBytes(entry))
      if (this.#scope.place(place) === 'outside') continue
      const path = joinRaw(root, place)
      const stat = lstatSync(path, { throwIfNoEntry: false })
      if (entry.type === 'folder') {
        if (!stat?.isDirectory()) throw differs(path, 'the folder is not there')
        await this.#folder(root, place, await readTree(this.#reader, entry.tree))
      } else if (entry.type === 'link') {
        if (!stat?.isSymbolicLink() || !readlinkSync(path, { encoding: 'buffer' }).equals(targetBytes(entry))) {
          throw differs(path, 'the link is not there')
        }
      } else if (!stat?.isFile() || stat.size !== entry.size) throw differs(path, 'it does not have its length')
      else {
        this.#files.push({ path, chunks: entry.chunks.map((id) => ({ id, length: this.#reader.length(id) })) })
        this.#bytes += entry.size
        if (this.#bytes >= orderBytes || this.#files.length >= orderFiles) await this.#send()
      }
    }
  }

  async #send(): Promise<void> {
    const [files, bytes] = [this.#files, this.#bytes]
    this.#files = []
    this.#bytes = 0
    if (files.length === 0) return
    const checked = this.#check(files, bytes)
      .catch((error: unknown) => {
        this.#failure ??= error
      })
      .finally(() => this.#running.delete(checked))
    this.#running.add(checked)
    if (this.#running.size > this.#crew.size) await Promise.race(this.#running)
    if (this.#failure !== undefined) throw this.#failure
  }

  async #check(files: readonly FileToCheck[], bytes: number): Promise<void> {
    const found =
      bytes < checkHere
        ? new FileChecker(this.#reader).check({ files })
        : await this.#crew.ask('check-files', { files })
    if (found) throw differs(Buffer.from(found.path), found.why)
  }
}

function differs(path: Buffer, why: string): ConsoleError {
  return new ConsoleError(
    'restore-not-staged',
    `What was written for the restore does not read back as it should: ${shown(path)}: ${why}.`,
    'Check the disk of the site; the site itself was not touched.',
    { params: { path: shown(path) } },
  )
}
