import type { AttentionDraft } from '#core/attention/index.ts'
import type { Cause } from '#shared/vocabulary.ts'

const again = { label: 'Rehearse now', action: { type: 'rehearse' } } as const
const look = { label: 'Open Backups', action: { type: 'go-to', page: '/backups' } } as const

export const rehearsalCards = {
  failed: 'rehearsal-failed',
  notMade: 'rehearsal-not-made',
  old: 'rehearsal-old',
} as const

export function failedCard(snapshot: string, why: string, cause: Cause): AttentionDraft {
  return {
    id: rehearsalCards.failed,
    subject: `snapshot:${snapshot}`,
    severity: 'error',
    title: 'A backup did not come up when it was rehearsed',
    why,
    fixes: [look, again],
    cause,
    dismissible: true,
  }
}

export function notMadeCard(why: string, cause: Cause): AttentionDraft {
  return {
    id: rehearsalCards.notMade,
    subject: 'site',
    severity: 'warning',
    title: 'A rehearsal could not be made',
    why,
    fixes: [again, look],
    cause,
    dismissible: true,
  }
}

export function oldCard(why: string, cause: Cause): AttentionDraft {
  return {
    id: rehearsalCards.old,
    subject: 'site',
    severity: 'warning',
    title: 'The backups have not been rehearsed for long',
    why,
    fixes: [again],
    cause,
    dismissible: false,
  }
}
