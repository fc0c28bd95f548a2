import { tookTime } from '#core/platform/index.ts'
import type { Health } from '#shared/vocabulary.ts'
import type { DatabaseFacts } from './types.ts'

/** What was seen of a database at one look. */
export interface Look {
  /** What it answered, how long that took, or why it did not. */
  readonly answer:
    | { readonly ok: true; readonly ms: number; readonly facts: DatabaseFacts }
    /** `exhausted`: it was not even asked, because no connection was free. */
    | { readonly ok: false; readonly sentence: string; readonly exhausted: boolean }
  /** A sentence when damage was found and not put right yet. */
  readonly damage: string | null
  readonly inUse: number
  readonly most: number
  readonly waiting: number
  /** Statements of the last minute, and those that failed. */
  readonly statements: number
  readonly failed: number
}

export interface Judgement {
  readonly health: Health
  readonly sentence: string
}

/** A round trip that takes longer is too slow to work with. Milliseconds. */
const slowMs = 1_000
/** With fewer statements a share of failures says nothing. */
const enough = 20
const degradedShare = 0.1
const unhealthyShare = 0.5

/** How a database is, from the worst thing that was seen: damage, no answer, a flaw, failing statements, no free connection, slowness. */
export function judge(look: Look): Judgement {
  const { answer, damage, inUse, most, waiting, statements, failed } = look
  if (damage !== null) return { health: 'unhealthy', sentence: damage }
  if (!answer.ok) return { health: answer.exhausted ? 'degraded' : 'unhealthy', sentence: answer.sentence }
  const { flaw, version } = answer.facts
  if (flaw) return flaw
  const share = statements >= enough ? failed / statements : 0
  if (share > degradedShare) {
    return {
      health: share > unhealthyShare ? 'unhealthy' : 'degraded',
      sentence: `${failed} of ${statements} statements of the last minute failed.`,
    }
  }
  if (inUse >= most && waiting > 0) {
    return { health: 'degraded', sentence: `All ${most} connections are in use, and ${waiting} callers wait for one.` }
  }
  if (answer.ms > slowMs) {
    return { health: 'degraded', sentence: `It takes ${tookTime(answer.ms)} to answer a simple question.` }
  }
  return { health: 'healthy', sentence: `${version} answers.` }
}
