import type { RestartDefinition } from '#core/config/index.ts'

/** When the service was started in the sliding window, on the monotonic clock, oldest first. */
export type StartTimes = readonly number[]

/** Adds a start and forgets those that left the window. */
export function withStart(times: StartTimes, budget: RestartDefinition['budget'], now: number): StartTimes {
  return [...times.filter((time) => now - time < budget.perMs), now]
}

/** Whether another start may follow by itself. */
export function hasBudget(times: StartTimes, budget: RestartDefinition['budget'], now: number): boolean {
  return times.filter((time) => now - time < budget.perMs).length < budget.starts
}
