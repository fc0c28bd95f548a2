import { setFlagsFromString } from 'node:v8'

/** V8's own. */
const usualGrowth = 2
/** By then everything is loaded, and the site is open. Milliseconds. */
const startedAfterMs = 15_000

/**
 * Keeps the room for young objects at its first size while the console starts. What is loaded then lives for ever, which V8 takes for a
 * program that makes much: it gives each thread up to 48 MB and never takes them back from one that has nothing to do. Afterwards a
 * thread that is busy gets more room as always. To be called before anything is loaded.
 */
export function startSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setTimeout(() => setFlagsFromString(`--semi-space-growth-factor=${usualGrowth}`), startedAfterMs).unref()
}
