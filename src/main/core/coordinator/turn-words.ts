/** Milliseconds for a sentence. */
export function inSeconds(ms: number): string {
  if (ms < 1_000) return `${ms} ms`
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`
  return `${Math.round(ms / 6_000) / 10} min`
}

/** A sentence to go on from. */
export function bare(sentence: string): string {
  return sentence.replace(/\.$/, '')
}

export function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}
