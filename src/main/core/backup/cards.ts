import type { AttentionDraft } from '#core/attention/index.ts'
import type { Cause } from '#shared/vocabulary.ts'

/** The conditions that this part raises: what a person should know of, with its fix. */

export function noBackup(cause: Cause): AttentionDraft {
  return {
    id: 'backup-none',
    subject: 'site',
    severity: 'warning',
    title: 'There is no good backup',
    why: 'No snapshot of this site exists that is whole and was read back; what is lost now cannot be brought back.',
    fixes: [{ label: 'Back up now', action: { type: 'back-up' } }],
    cause,
    dismissible: false,
  }
}

export function backupFailed(why: string, cause: Cause): AttentionDraft {
  return {
    id: 'backup-failed',
    subject: 'site',
    severity: 'error',
    title: 'The last backup failed',
    why,
    fixes: [
      { label: 'Back up now', action: { type: 'back-up' } },
      { label: 'Open Backups', action: { type: 'go-to', page: '/backups' } },
    ],
    cause,
    dismissible: false,
  }
}

export function notGood(snapshot: string, why: string, cause: Cause): AttentionDraft {
  return {
    id: 'backup-not-good',
    subject: `snapshot:${snapshot}`,
    severity: 'warning',
    title: 'The last backup is not whole',
    why,
    fixes: [
      { label: 'Back up now', action: { type: 'back-up' } },
      { label: 'Open Backups', action: { type: 'go-to', page: '/backups' } },
    ],
    cause,
    dismissible: true,
  }
}

export function copyFailed(id: string, why: string, cause: Cause): AttentionDraft {
  return {
    id,
    subject: 'site',
    severity: 'warning',
    title: 'A copy of the backups is not up to date',
    why,
    fixes: [{ label: 'Open Backups', action: { type: 'go-to', page: '/backups' } }],
    cause,
    dismissible: true,
  }
}

export function sharesDisk(folder: string, cause: Cause): AttentionDraft {
  return {
    id: 'backup-shares-disk',
    subject: 'site',
    severity: 'notice',
    title: 'Backups are on the same disk as the site',
    why: `The backups in ${folder} would be lost together with the site if that disk fails. Name a folder on another disk in site.yaml (backup.folder).`,
    fixes: [],
    cause,
    dismissible: true,
  }
}

export function unreachable(why: string, cause: Cause): AttentionDraft {
  return {
    id: 'backup-unreachable',
    subject: 'site',
    severity: 'error',
    title: 'The backups cannot be reached',
    why,
    fixes: [],
    cause,
    dismissible: false,
  }
}

export function interrupted(sentence: string, undoable: boolean, cause: Cause): AttentionDraft {
  return {
    id: 'restore-interrupted',
    subject: 'site',
    severity: 'warning',
    title: 'A restore was interrupted',
    why: sentence,
    fixes: undoable ? [{ label: 'Undo', action: { type: 'undo' } }] : [],
    cause,
    dismissible: true,
  }
}

export function notStarted(why: string, cause: Cause): AttentionDraft {
  return {
    id: 'restore-services',
    subject: 'site',
    severity: 'error',
    title: 'Services did not start after the restore',
    why,
    fixes: [
      { label: 'Start all', action: { type: 'start-all' } },
      { label: 'Undo', action: { type: 'undo' } },
    ],
    cause,
    dismissible: true,
  }
}

export function notHealthy(why: string, cause: Cause): AttentionDraft {
  return {
    id: 'restore-health',
    subject: 'site',
    severity: 'error',
    title: 'The site is not healthy after the restore',
    why,
    fixes: [
      { label: 'Undo', action: { type: 'undo' } },
      { label: 'Open Services', action: { type: 'go-to', page: '/services' } },
    ],
    cause,
    dismissible: true,
  }
}
