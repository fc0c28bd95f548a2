import type { ServiceDefinition } from '#core/config/index.ts'
import type { ServiceView, SiteView, StoreView } from '#shared/contract/state.ts'
import type { VerificationView } from '#shared/contract/verification.ts'

export type SiteScore = SiteView['score']

/** What the score is made from. */
export interface ScoreFacts {
  readonly services: readonly ServiceView[]
  /** Of a service: how much it counts, and whether the site does without it. */
  readonly definitionOf: (id: string) => Pick<ServiceDefinition, 'weight' | 'optional'> | undefined
  readonly verification: VerificationView | undefined
  readonly store: StoreView | undefined
}

interface Part {
  readonly page: string
  readonly title: string
  readonly reason: string
  readonly weight: number
  /** 1 is well, 0 is not at all. */
  readonly value: number
}

/** What a health is worth. Unknown is not counted: a parent's failure is not counted again in each of its children. */
const worth = { healthy: 1, degraded: 0.5, unhealthy: 0 } as const
/** An optional service counts so much of its weight. */
const optionalShare = 0.25
const storeWorth = { open: 1, recovering: 0.5, 'read-only': 0.25, 'stand-in': 0.25, failed: 0 } as const

/**
 * The weighted mean of the services that are wanted, of the list of checks and of the console's own store (weight 1 each),
 * times 100; null while no service is known to be well or unwell.
 */
export function scoreOf({
  services,
  definitionOf,
  verification,
  store,
}: ScoreFacts): Pick<SiteScore, 'value' | 'lowered'> {
  const ofServices = services.flatMap((service): readonly Part[] => {
    if (!service.wanted && service.state !== 'external') return []
    if (service.health === 'unknown') return []
    const { weight, optional } = definitionOf(service.id) ?? { weight: 1, optional: false }
    const page = `/services/${service.id}`
    const share = optional ? optionalShare : 1
    return [
      { page, title: service.title, reason: service.reason, weight: weight * share, value: worth[service.health] },
    ]
  })
  if (ofServices.length === 0) return { value: null, lowered: [] }
  const parts = [...ofServices, ...ofChecks(verification), ...ofStore(store)]
  const whole = parts.reduce((sum, { weight }) => sum + weight, 0)
  if (whole === 0) return { value: null, lowered: [] }
  const lowered = parts
    .map(({ page, title, reason, weight, value }) => ({
      page,
      title,
      reason,
      points: (100 * weight * (1 - value)) / whole,
    }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
  const value = 100 - lowered.reduce((sum, { points }) => sum + points, 0)
  // A site that is not wholly well never has all 100.
  const shown = lowered.length > 0 ? Math.min(99, Math.round(value)) : 100
  return {
    value: Math.max(0, shown),
    lowered: lowered.map((part) => ({ ...part, points: Math.round(part.points * 10) / 10 })),
  }
}

function ofChecks(verification: VerificationView | undefined): readonly Part[] {
  if (!verification || verification.at === null || verification.total === 0) return []
  const { passed, total, sentence } = verification
  return [{ page: '/diagnose', title: 'Checks', reason: sentence, weight: 1, value: passed / total }]
}

function ofStore(store: StoreView | undefined): readonly Part[] {
  if (!store) return []
  const reason = store.note ?? 'It takes records.'
  return [{ page: '/diagnose', title: 'Store', reason, weight: 1, value: storeWorth[store.state] }]
}

/** Values of the last few minutes against those before them; a difference of less than this is none. */
const newest = 5
const before = 10
const difference = 3

/** Where the score is going: the mean of the last five minutes against the ten before. Null with less than three values. */
export function trendOf(history: readonly number[]): SiteScore['trend'] {
  const last = history.slice(-newest)
  const earlier = history.slice(-newest - before, -newest)
  if (last.length < 2 || earlier.length < 1) return null
  const change = mean(last) - mean(earlier)
  if (Math.abs(change) < difference) return 'steady'
  return change > 0 ? 'rising' : 'falling'
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
