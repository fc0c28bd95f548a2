import type { AttentionDraft } from '#core/attention/index.ts'
import type { Cause } from '#shared/vocabulary.ts'

const openBackups = { label: 'Open Backups', action: { type: 'go-to', page: '/backups' } } as const

/** The conditions of encrypted backups that a person should know of. */
export function backupsLocked(why: string, cause: Cause): AttentionDraft {
  return {
    id: 'backup-locked',
    subject: 'site',
    severity: 'error',
    title: 'The backups are locked',
    why: `${why} Until they are unlocked nothing is backed up and nothing can be restored.`,
    fixes: [openBackups],
    cause,
    dismissible: false,
  }
}

export function kitNotProven(made: boolean, cause: Cause): AttentionDraft {
  return {
    id: 'backup-kit',
    subject: 'site',
    severity: 'warning',
    title: made ? 'The recovery kit was never proven' : 'There is no recovery kit',
    why: `The backups are encrypted. If this computer and its secrets are lost, only the recovery kit opens them, and ${
      made ? 'nobody has read it back yet' : 'none was made'
    }.`,
    fixes: [openBackups],
    cause,
    dismissible: false,
  }
}

export function kitFailed(why: string, cause: Cause): AttentionDraft {
  return {
    id: 'backup-kit',
    subject: 'site',
    severity: 'error',
    title: 'The recovery kit could not be proven',
    why,
    fixes: [openBackups],
    cause,
    dismissible: false,
  }
}
