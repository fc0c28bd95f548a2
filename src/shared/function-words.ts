import type { RouteView } from './contract/state.ts'
import { microseconds } from './stage-words.ts'

/** What the function of a route has done, in a few words: "18,210 messages, 82 µs each, failed for 2, took too long for 1". */
export function functionDeeds({ calls, meanMs, failed, timedOut, ended }: NonNullable<RouteView['function']>): string {
  const number = (count: number) => count.toLocaleString('en-US')
  return [
    calls === 1 ? '1 message' : `${number(calls)} messages`,
    ...(meanMs === null ? [] : [`${microseconds(meanMs * 1_000)} each`]),
    ...(failed > 0 ? [`failed for ${number(failed)}`] : []),
    ...(timedOut > 0 ? [`took too long for ${number(timedOut)}`] : []),
    ...(ended > 0 ? [`its process ended with ${number(ended)}`] : []),
  ].join(', ')
}

/** Why the newest file of a function is not in use, a sentence; null when it is. */
export function functionFault({ file, failure, keptOld }: NonNullable<RouteView['function']>): string | null {
  if (failure === null) return null
  return `${file} cannot be used: ${failure}. ${keptOld ? 'The one from before is used on.' : 'Messages go to quarantine.'}`
}
