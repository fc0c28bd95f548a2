import type { StateChange } from '#core/state/index.ts'
import { sliceNames } from '#shared/contract/state.ts'

/** Two changes as one: the later entity of each id wins, deletions included. */
export function mergeChanges(earlier: StateChange, later: StateChange): StateChange {
  const merged: Record<string, Record<string, unknown>> = {}
  for (const name of sliceNames) {
    if (earlier[name] || later[name]) merged[name] = { ...earlier[name], ...later[name] }
  }
  return merged as StateChange
}
