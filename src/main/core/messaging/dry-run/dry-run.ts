import { isDeepStrictEqual } from 'node:util'
import type { RouteDefinition } from '#core/config/index.ts'
import type { DryRunReport, RouteDifference, RouteOutcome, StoredMessage } from '#shared/contract/index.ts'
import { LookupTables } from '../lookup/lookup-tables.ts'
import type { RouteFunctions } from '../route-chain.ts'
import { RehearsedRoute } from './rehearsed-route.ts'

/** Differences that are listed, and the characters of payload that they may hold together. */
const most = { differences: 200, characters: 2 * 1024 * 1024 }

const unmatched: RouteOutcome = { result: 'not matched', reason: null, outputs: [] }

/**
 * Takes recorded messages, oldest first, through a route as it is and as it would be; null where there is none. `brokers` are those of the
 * site, the first one meant where a route names none. Pure: nothing is delivered, and the times are those of the messages.
 */
export async function dryRun(
  before: RouteDefinition | null,
  after: RouteDefinition | null,
  messages: readonly StoredMessage[],
  tables: LookupTables = new LookupTables(),
  brokers: readonly string[] = [],
  functions?: RouteFunctions,
): Promise<DryRunReport> {
  const old = await outcomesOf(before, messages, tables, brokers, functions)
  const now = await outcomesOf(after, messages, tables, brokers, functions)
  const differences: RouteDifference[] = []
  let changed = 0
  let characters = 0
  for (const [n, message] of messages.entries()) {
    const was = old[n] ?? unmatched
    const is = now[n] ?? unmatched
    if (isDeepStrictEqual(was, is)) continue
    changed++
    characters += lengthOf(message, was, is)
    if (differences.length < most.differences && (characters <= most.characters || differences.length === 0)) {
      differences.push({ n, message, before: was, after: is })
    }
  }
  return { messages: messages.length, before: counted(old), after: counted(now), changed, differences }
}

async function outcomesOf(
  route: RouteDefinition | null,
  messages: readonly StoredMessage[],
  tables: LookupTables,
  brokers: readonly string[],
  functions: RouteFunctions | undefined,
): Promise<readonly RouteOutcome[]> {
  if (route === null) return messages.map(() => unmatched)
  using rehearsed = new RehearsedRoute(route, messages[0]?.at ?? 0, tables, brokers, functions)
  for (const message of messages) await rehearsed.take(message)
  return await rehearsed.outcomes()
}

function counted(outcomes: readonly RouteOutcome[]): DryRunReport['before'] {
  const counts = { 'not matched': 0, filtered: 0, limited: 0, merged: 0, quarantined: 0, passed: 0 }
  for (const { result } of outcomes) counts[result]++
  return counts
}

function lengthOf(message: StoredMessage, ...outcomes: readonly RouteOutcome[]): number {
  return outcomes
    .flatMap(({ outputs }) => outputs)
    .reduce((all, { payload }) => all + payload.length, message.payload.length)
}
