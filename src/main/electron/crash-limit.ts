/** A page that crashes is loaded again at once, up to this many times within this long; then the operator decides. */
export const crashLimit = { times: 3, withinMs: 60_000 } as const

/**
 * Whether a page that crashed now should be loaded again, and what to remember for the next time. `earlier` are the monotonic
 * times of the crashes before, in milliseconds.
 */
export function judgeCrash(
  earlier: readonly number[],
  now: number,
): { readonly reload: boolean; readonly remembered: readonly number[] } {
  const remembered = [...earlier, now].filter((at) => now - at < crashLimit.withinMs)
  return { reload: remembered.length <= crashLimit.times, remembered }
}
