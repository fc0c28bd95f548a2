import type { DependencyEntry } from './dependency-schema.ts'
import type { ServiceEntry } from './service-schema.ts'
import type { SiteFile } from './site-schema.ts'
import type { DependencyDefinition } from './types.ts'

/** A dependency with everything filled in. */
export function toDependency(id: string, entry: DependencyEntry): DependencyDefinition {
  const { breaker, check, backoff } = entry
  const { open: openMs, successes } = breaker
  return {
    id,
    title: entry.title ?? id,
    url: entry.url,
    timeoutMs: entry.timeout,
    longestMs: entry.longest,
    attempts: entry.attempts,
    repeat: entry.repeat,
    backoff: { firstMs: backoff.first, factor: backoff.factor, capMs: backoff.cap },
    breaker:
      breaker.rate === undefined
        ? { kind: 'consecutive', failures: breaker.failures ?? 5, openMs, successes }
        : {
            kind: 'rate',
            rate: breaker.rate,
            windowMs: breaker.window ?? 10_000,
            minimum: breaker.minimum ?? 20,
            openMs,
            successes,
          },
    fallback: toFallback(entry.fallback),
    check: check.on
      ? { path: check.http ?? null, status: check.status ?? null, everyMs: check.every, timeoutMs: check.timeout }
      : null,
    methods: entry.methods,
    failures: entry.failures.map(toFailure),
    headers: entry.headers,
    concurrency: entry.concurrency,
    requestBytes: entry.request,
    answerBytes: entry.answer,
  }
}

/** What a service uses, each required or optional. */
export function toUses(uses: ServiceEntry['uses'], dependencies: SiteFile['dependencies']) {
  if (!Array.isArray(uses)) return uses
  return Object.fromEntries(
    uses.map((id) => [id, dependencies[id]?.fallback ? ('optional' as const) : ('required' as const)]),
  )
}

function toFallback(entry: DependencyEntry['fallback']): DependencyDefinition['fallback'] {
  if (!entry) return null
  const { status, type, body, file } = entry
  return { status, type, from: file === undefined ? { body: body ?? '' } : { file } }
}

function toFailure(written: DependencyEntry['failures'][number]): DependencyDefinition['failures'][number] {
  if (written === 'network' || written === 'timeout') return written
  const status = Number(written)
  if (!Number.isNaN(status)) return { from: status, to: status }
  const hundreds = Number(String(written)[0]) * 100
  return { from: hundreds, to: hundreds + 99 }
}
