/** One line that is not in both texts. */
export interface ChangedLine {
  readonly sign: '+' | '-'
  readonly text: string
}

/** Work that a comparison may take: beyond it the whole middle counts as changed. Pairs of lines. */
const mostPairs = 4_000_000
/** Lines that are told. */
const mostLines = 400

/** The lines that differ, in reading order: what goes before what comes. Equal texts differ in none. */
export function lineDifference(before: string, after: string): readonly ChangedLine[] {
  const old = before.split('\n')
  const now = after.split('\n')
  let from = 0
  while (from < old.length && from < now.length && old[from] === now[from]) from++
  let oldEnd = old.length
  let nowEnd = now.length
  while (oldEnd > from && nowEnd > from && old[oldEnd - 1] === now[nowEnd - 1]) {
    oldEnd--
    nowEnd--
  }
  return between(old.slice(from, oldEnd), now.slice(from, nowEnd)).slice(0, mostLines)
}

function between(old: readonly string[], now: readonly string[]): readonly ChangedLine[] {
  const gone = old.map((text) => ({ sign: '-' as const, text }))
  const come = now.map((text) => ({ sign: '+' as const, text }))
  if (old.length * now.length > mostPairs) return [...gone, ...come]
  // Longest common subsequence, from the end.
  const width = now.length + 1
  const common = new Uint32Array((old.length + 1) * width)
  const at = (one: number, other: number) => common[one * width + other] ?? 0
  for (let one = old.length - 1; one >= 0; one--) {
    for (let other = now.length - 1; other >= 0; other--) {
      const same = old[one] === now[other]
      common[one * width + other] = same ? at(one + 1, other + 1) + 1 : Math.max(at(one + 1, other), at(one, other + 1))
    }
  }
  const lines: ChangedLine[] = []
  let one = 0
  let other = 0
  while (one < old.length && other < now.length) {
    if (old[one] === now[other]) {
      one++
      other++
    } else if (at(one + 1, other) >= at(one, other + 1)) lines.push({ sign: '-', text: old[one++] ?? '' })
    else lines.push({ sign: '+', text: now[other++] ?? '' })
  }
  return [...lines, ...gone.slice(one), ...come.slice(other)]
}
