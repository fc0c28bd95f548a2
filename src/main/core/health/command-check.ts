import { type Clock, inTime, runCommand, tookTime } from '#core/platform/index.ts'
import { firstLine } from './check-words.ts'
import type { Check, ProbeAnswer } from './types.ts'

/** Where the commands of a service's probes run, and with which environment. */
export interface CommandPlace {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** Runs a command once: exit code 0 is a success. Past its time-out it is killed with all that it started. */
export async function commandCheck(
  { run }: Extract<Check, { type: 'command' }>,
  timeoutMs: number,
  signal: AbortSignal,
  clock: Clock,
  place: CommandPlace,
): Promise<ProbeAnswer> {
  const [file = '', ...args] = run
  const result = await runCommand({ file, args, ...place, timeoutMs }, clock, signal)
  const ms = Math.round(result.ms)
  const said = firstLine(result.output)
  const tail = said && `: ${said}`
  if (result.error !== null) return { ok: false, sentence: `${file} could not be run: ${result.error}`, ms }
  if (result.timedOut) return { ok: false, sentence: `${file} did not end within ${inTime(timeoutMs)}${tail}`, ms }
  if (result.code === 0) return { ok: true, sentence: `${file} succeeded in ${tookTime(ms)}${tail}`, ms }
  const how = result.code === null ? `was ended by ${result.signal}` : `ended with code ${result.code}`
  return { ok: false, sentence: `${file} ${how} in ${tookTime(ms)}${tail}`, ms }
}
