import type { AttentionDraft } from '#core/attention/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { DeployRecord } from './record.ts'

export const stuckCard = (id: string) => `deploy-stuck:${id}`
export const failedCard = 'deploy-failed'

const look = { label: 'Look at the deploys', action: { type: 'go-to', page: '/deploys' } } as const

/** What a person should know of deploys. */
export const deployCards = {
  failed(record: DeployRecord, why: string, cause: Cause): AttentionDraft {
    return {
      id: failedCard,
      subject: 'site',
      severity: 'error',
      title: `${record.title} was taken back`,
      why,
      fixes: [look],
      cause,
      dismissible: true,
    }
  },
  stuck(record: DeployRecord, why: string, cause: Cause): AttentionDraft {
    return {
      id: stuckCard(record.id),
      subject: 'site',
      severity: 'critical',
      title: `${record.title} can neither be finished nor taken back`,
      why: `${why} Put the reason right (free space, rights, a service that does not start), then try again: wheelhouse deploys settle ${record.id}`,
      fixes: [look, { label: 'Restore from a backup', action: { type: 'restore', snapshot: record.restorePoint } }],
      cause,
      dismissible: false,
    }
  },
}
