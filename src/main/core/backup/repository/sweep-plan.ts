/** A pack with the use that snapshots make of each blob in it, in the order of its directory. Bytes as stored. */
export interface PackUse {
  readonly id: string
  readonly size: number
  readonly blobs: readonly { readonly stored: number; readonly needed: boolean }[]
}

/** Blobs of a pack that were not needed at a moment, by their position; null: none of them was. */
export interface SweepMark {
  /** Wall-clock milliseconds. */
  readonly since: number
  readonly unneeded: readonly boolean[] | null
}

export interface SweepPlan {
  /** Packs that have not been needed for long enough. */
  readonly remove: readonly string[]
  /** Packs of which enough has not been needed for long enough: written anew without it. `drop` are positions. */
  readonly rewrite: readonly {
    readonly id: string
    readonly drop: ReadonlySet<number>
    readonly keptBytes: number
    readonly droppedBytes: number
  }[]
  readonly marks: ReadonlyMap<string, SweepMark>
  /** What is not needed and stays for now. `until`: when the first of it may go, wall-clock milliseconds. */
  readonly waiting: { readonly packs: number; readonly bytes: number; readonly until: number | null }
}

export interface SweepRules {
  /** How long something must have been without use before it goes: a mistake of retention can be noticed meanwhile. Milliseconds. */
  readonly graceMs: number
  /** 0 to 1: a pack is written anew when more than this share of it is waste. */
  readonly share: number
}

export const sweepRules: SweepRules = { graceMs: 24 * 3_600_000, share: 1 / 3 }

/**
 * Decides in two phases, for each blob by itself: what is not needed is marked with the time, and goes when it has been so for the grace
 * period and still is. What became unneeded later stays in a pack that is written anew. A mark from the future was made by a clock that
 * was wrong: it starts anew. Pure.
 */
export function planSweep(
  packs: readonly PackUse[],
  marks: ReadonlyMap<string, SweepMark>,
  now: number,
  { graceMs, share }: SweepRules = sweepRules,
): SweepPlan {
  const remove: string[] = []
  const rewrite: SweepPlan['rewrite'][number][] = []
  const next = new Map<string, SweepMark>()
  const waiting = { packs: 0, bytes: 0, until: null as number | null }
  const wait = (id: string, mark: SweepMark, bytes: number) => {
    next.set(id, mark)
    waiting.packs++
    waiting.bytes += bytes
    const until = mark.since + graceMs
    if (until > now) waiting.until = Math.min(waiting.until ?? until, until)
  }
  for (const { id, size, blobs } of packs) {
    const dead = blobs.map(({ needed }) => !needed)
    const deadBytes = sumOf(blobs, dead)
    const isDead = dead.every(Boolean)
    if (!dead.includes(true) && !isDead) continue
    const fresh: SweepMark = { since: now, unneeded: isDead ? null : dead }
    const mark = marks.get(id)
    if (!mark || mark.since > now) {
      wait(id, fresh, isDead ? size : deadBytes)
      continue
    }
    const seen = dead.map((each, nth) => each && (mark.unneeded?.[nth] ?? mark.unneeded === null))
    const isSeen = seen.every(Boolean)
    if (now - mark.since < graceMs) {
      const kept = seen.includes(true) || isSeen ? { since: mark.since, unneeded: isSeen ? null : seen } : fresh
      wait(id, kept, isDead ? size : deadBytes)
    } else if (isDead && isSeen) remove.push(id)
    else if (!isDead && sumOf(blobs, seen) > size * share) {
      const drop = new Set(seen.flatMap((each, nth) => (each ? [nth] : [])))
      const droppedBytes = sumOf(blobs, seen)
      rewrite.push({ id, drop, droppedBytes, keptBytes: size - droppedBytes })
    } else {
      const isSame = seen.every((each, nth) => each === dead[nth])
      wait(id, isSame ? { since: mark.since, unneeded: seen } : fresh, isDead ? size : deadBytes)
    }
  }
  return { remove, rewrite: rewrite.toSorted((a, b) => a.keptBytes - b.keptBytes), marks: next, waiting }
}

function sumOf(blobs: PackUse['blobs'], chosen: readonly boolean[]): number {
  return blobs.reduce((sum, { stored }, nth) => (chosen[nth] ? sum + stored : sum), 0)
}
