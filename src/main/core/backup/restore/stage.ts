import { chmodSync, chownSync, lchownSync, linkSync, lutimesSync, mkdirSync, symlinkSync, utimesSync } from 'node:fs'
import type { Owners } from '#core/platform/index.ts'
import { joinRaw } from '../raw-path.ts'
import type { BlobReader } from '../repository/blob-reader.ts'
import { writeFileFrom } from '../repository/file-writer.ts'
import { nameBytes, readTree, type TreeEntry, targetBytes } from '../repository/tree.ts'
import { assertSafeListing } from './names.ts'

/** Files written at the same time: enough to keep the decompressing threads busy. */
const together = 4

export interface StagePorts {
  readonly reader: BlobReader
  readonly owners: Owners
  readonly platform: NodeJS.Platform
  /** Told after each file with its size. */
  readonly onFile: (bytes: number) => void
}

/**
 * Writes entries of a snapshot into an existing empty folder. Every folder below it is made here, so no link can lead out;
 * rights and times come last, the deepest folder first.
 */
export async function stageEntries(folder: Buffer, entries: readonly TreeEntry[], ports: StagePorts): Promise<void> {
  await new Staging(ports).run(folder, entries)
}

class Staging {
  readonly #ports: StagePorts
  readonly #writing = new Set<Promise<void>>()
  readonly #hard = new Map<string, Buffer>()
  readonly #links: { readonly existing: Buffer; readonly path: Buffer }[] = []
  readonly #folders: { readonly path: Buffer; readonly entry: TreeEntry }[] = []
  #failure: unknown

  constructor(ports: StagePorts) {
    this.#ports = ports
  }

  async run(folder: Buffer, entries: readonly TreeEntry[]): Promise<void> {
    assertSafeListing(entries, this.#ports.platform)
    try {
      await this.#entries(folder, entries)
    } finally {
      await Promise.all(this.#writing)
    }
    if (this.#failure !== undefined) throw this.#failure
    for (const { existing, path } of this.#links) linkSync(existing, path)
    for (const { path, entry } of this.#folders.reverse()) this.#dress(path, entry)
  }

  async #entries(folder: Buffer, entries: readonly TreeEntry[]): Promise<void> {
    for (const entry of entries) {
      if (this.#failure !== undefined) throw this.#failure
      const path = joinRaw(folder, nameBytes(entry))
      if (entry.type === 'folder') {
        mkdirSync(path, { mode: 0o700 })
        this.#folders.push({ path, entry })
        const children = await readTree(this.#ports.reader, entry.tree)
        assertSafeListing(children, this.#ports.platform)
        await this.#entries(path, children)
      } else if (entry.type === 'link') {
        symlinkSync(targetBytes(entry), path)
        this.#dress(path, entry)
      } else {
        const first = entry.hard === undefined ? undefined : this.#hard.get(entry.hard)
        if (first) {
          this.#links.push({ existing: first, path })
          this.#ports.onFile(entry.size)
          continue
        }
        if (entry.hard !== undefined) this.#hard.set(entry.hard, path)
        await this.#write(async () => {
          await writeFileFrom(this.#ports.reader, entry, path)
          this.#dress(path, entry)
          this.#ports.onFile(entry.size)
        })
      }
    }
  }

  /** Runs a write beside a few others; waits when there are enough. */
  async #write(write: () => Promise<void>): Promise<void> {
    const tracked = write()
      .catch((error) => {
        this.#failure ??= error
      })
      .finally(() => this.#writing.delete(tracked))
    this.#writing.add(tracked)
    if (this.#writing.size >= together) await Promise.race(this.#writing)
  }

  /** Owner, then rights (a change of owner clears some), then times. */
  #dress(path: Buffer, entry: TreeEntry): void {
    const { owners } = this.#ports
    const time = seconds(entry.mtime)
    const link = entry.type === 'link'
    if (owners.mayGive) {
      const uid = (entry.user === null ? null : owners.userId(entry.user)) ?? entry.uid
      const gid = (entry.group === null ? null : owners.groupId(entry.group)) ?? entry.gid
      if (link) lchownSync(path, uid, gid)
      else chownSync(path, uid, gid)
    }
    if (!link) chmodSync(path, entry.mode)
    if (link) lutimesSync(path, time, time)
    else utimesSync(path, time, time)
  }
}

/** Nanoseconds as seconds; a number holds a time of today to a fraction of a microsecond, which is all that can be set. */
function seconds(nanoseconds: string): number {
  const whole = BigInt(nanoseconds)
  const second = whole / 1_000_000_000n
  return Number(second) + Number(whole - second * 1_000_000_000n) / 1e9
}
