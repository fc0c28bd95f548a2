/** What the rule of keeping decides about one release. */
export interface Keepable {
  readonly id: string
  readonly at: number
  /** The console may remove it: it lies in `releases/`. */
  readonly removable: boolean
  /** Active, previous, pinned, or in use by a deploy. */
  readonly held: boolean
  readonly bad: boolean
}

/**
 * Which releases go so that `keep` stay, the ones that go first in front: bad ones, then the oldest. What is held counts among those that
 * stay and never goes; so does what the console did not bring, which it leaves alone. Bad ones that are not held always go.
 */
export function planKeep(releases: readonly Keepable[], keep: number): readonly string[] {
  const there = releases.filter(({ removable }) => removable)
  const free = there.filter(({ held }) => !held)
  const bad = free.filter((each) => each.bad).sort(oldestFirst)
  const others = free.filter((each) => !each.bad).sort(oldestFirst)
  const over = Math.max(0, there.length - bad.length - Math.max(1, keep))
  return [...bad, ...others.slice(0, over)].map(({ id }) => id)
}

function oldestFirst(a: Keepable, b: Keepable): number {
  return a.at - b.at || (a.id < b.id ? -1 : 1)
}
