import type { DependencyDefinition } from '#core/config/index.ts'
import type { BreakerRecord } from '#core/proxy/index.ts'
import type { DependencyView } from '#shared/contract/dependencies.ts'
import { ruleWords, stateSentence } from './breaker-words.ts'
import type { TargetReport } from './protocol.ts'

export interface Shown {
  /** Filled in. */
  readonly url: string
  readonly problem: string | null
  readonly report: TargetReport | null
  readonly remembered: BreakerRecord | null
  readonly users: DependencyView['users']
  /** Wall-clock time. */
  readonly now: number
}

const nothing: TargetReport['figures'] = {
  calls: 0,
  ends: { answered: 0, fallback: 0, failed: 0, abandoned: 0, refused: 0 },
  tries: { total: 0, failed: 0, repeated: 0 },
  kept: { open: 0, busy: 0 },
  perSecond: 0,
  p50: 0,
  p99: 0,
  lastError: null,
  troubled: [],
}

/** A dependency as the screens show it. */
export function viewOf(
  definition: DependencyDefinition,
  { url, problem, report, remembered, users, now }: Shown,
): DependencyView {
  const record = report?.record ?? remembered ?? { state: 'closed', because: 'new', at: now }
  const { troubled, ...figures } = report?.figures ?? nothing
  return {
    id: definition.id,
    title: definition.title,
    url,
    state: record.state,
    since: record.at,
    sentence: problem ?? (report ? stateSentence(definition, report) : 'Not asked yet.'),
    problem,
    rule: ruleWords(definition.breaker),
    nextTryAt: report?.nextTryAt ?? null,
    failuresInARow: report?.failures ?? 0,
    underWay: report?.underWay ?? 0,
    concurrency: definition.concurrency,
    attempts: definition.attempts,
    timeoutMs: definition.timeoutMs,
    fallback: definition.fallback !== null,
    users,
    figures,
    troubled: [...troubled],
    check: definition.check && {
      what: definition.check.path === null ? 'a connection is opened' : `GET ${definition.check.path}`,
      everyMs: definition.check.everyMs,
      last: report?.check ?? null,
    },
  }
}
