import { appendFileSync, readFileSync } from 'node:fs'
import { z } from 'zod'

const run = z.object({
  /** Of the soak. */
  name: z.string(),
  scenarios: z.array(z.string()),
  part: z.string(),
  rounds: z.number(),
  seed: z.number(),
  counts: z.record(z.string(), z.number()),
  problems: z.array(z.string()),
})

/** One run of a soak that is taken a little at a time. */
export type SoakRun = z.infer<typeof run>

/** Adds a run to a file of them, one a line. */
export function noteRun(
  file: string,
  done: Readonly<Omit<SoakRun, 'scenarios' | 'problems'>> & {
    readonly scenarios: readonly string[]
    readonly problems: readonly string[]
  },
): void {
  appendFileSync(file, `${JSON.stringify(done)}\n`)
}

/** The runs of one soak in a file; throws at a line that is none. */
export function runsIn(file: string, name: string): readonly SoakRun[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => run.parse(JSON.parse(line)))
    .filter((one) => one.name === name)
}

/** What runs came to, in a sentence. A run that was made twice with one seed counts twice: it killed other moments. */
export function sumOf(runs: readonly SoakRun[]): string {
  const counts = new Map<string, number>()
  for (const one of runs) {
    for (const [what, count] of Object.entries(one.counts)) counts.set(what, (counts.get(what) ?? 0) + count)
  }
  const wrong = runs.reduce((sum, { problems }) => sum + problems.length, 0)
  const counted = [...counts].map(([what, count]) => `${count} ${what}`).join(', ')
  return `${runs.length} runs ${wrong === 0 ? 'held' : `with ${wrong} WRONG`}${counted && `: ${counted}`}`
}
