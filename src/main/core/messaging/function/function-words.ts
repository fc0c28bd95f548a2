import type { RouteFunction } from '#core/config/index.ts'
import type { RouteView } from '#shared/contract/state.ts'
import { periodInWords } from '../limit-stage.ts'
import type { CallCounts } from './call-ledger.ts'

/** A function in words, the end of a sentence: "`desk` of functions/desk.mjs, within 200 ms". */
export function functionInWords({ file, export: name, timeoutMs }: RouteFunction): string {
  return `\`${name}\` of ${file}, within ${periodInWords(timeoutMs)}`
}

/** The function of a route as it is shown; null without one. */
export function functionView(map: string | RouteFunction | null, calls: CallCounts | null): RouteView['function'] {
  if (map === null || typeof map === 'string' || calls === null) return null
  const { calls: all, failed, timedOut, ended, ms, failure, keptOld } = calls
  const meanMs = all === 0 ? null : ms / all
  return { file: map.file, words: functionInWords(map), calls: all, failed, timedOut, ended, meanMs, failure, keptOld }
}
