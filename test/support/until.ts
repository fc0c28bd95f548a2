/** How long a condition may take to come on a machine that is slow and busy. Milliseconds; what comes sooner is not waited for. */
export const patienceMs = 60_000

/**
 * Resolves with the first value of `look` that is neither undefined nor false; asked again every few milliseconds. Rejects
 * after `within` milliseconds, naming what was waited for. For conditions of real processes, which no injected clock moves.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | null | Promise<T | undefined | false | null>,
  within = patienceMs,
): Promise<T> {
  const deadline = performance.now() + within
  for (;;) {
    const value = await look()
    if (value !== undefined && value !== false && value !== null) return value
    if (performance.now() > deadline) throw new Error(`Waited ${within} ms for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}
