import type { BigIntStats } from 'node:fs'
import type { Look } from '../repository/tree.ts'

/** What a file looks like from outside: when this is the same, its content is taken to be the same. */
export function lookOf(stat: BigIntStats): Look {
  return {
    size: Number(stat.size),
    mtime: String(stat.mtimeNs),
    ctime: String(stat.ctimeNs),
    inode: String(stat.ino),
  }
}

export function sameLook(a: Look | null, b: Look | null): boolean {
  if (a === null || b === null) return a === b
  return a.size === b.size && a.mtime === b.mtime && a.ctime === b.ctime && a.inode === b.inode
}

/**
 * Times of files come in ticks, and a change in the same tick as the reading would not show. A look is therefore trusted
 * only if the file had rested when it was read. A time with a fraction of a second comes from a file system with fine ticks
 * (the kernel's own, at most 10 ms); without one it may be as coarse as the two seconds of FAT. `readAt`: wall-clock
 * milliseconds.
 */
const fineTickMs = 50
const coarseTickMs = 2_000

export function hadRested(look: Look, readAt: number): boolean {
  return [look.mtime, look.ctime].every((time) => {
    const fine = BigInt(time) % 1_000_000_000n !== 0n
    return Number(BigInt(time) / 1_000_000n) < readAt - (fine ? fineTickMs : coarseTickMs)
  })
}

/** The later of the two times of a file, in wall-clock milliseconds. */
export function newestMs(look: Look): number {
  const mtime = BigInt(look.mtime)
  const ctime = BigInt(look.ctime)
  return Number((mtime > ctime ? mtime : ctime) / 1_000_000n)
}
