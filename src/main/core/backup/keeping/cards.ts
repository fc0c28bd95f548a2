import type { AttentionDraft } from '#core/attention/index.ts'
import { tookTime } from '#core/platform/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Snapshot } from '../repository/snapshot-file.ts'
import type { Shrink } from './shrink.ts'

/** The cards about how snapshots are kept, each with its evidence and its way out. */

const backUp = { label: 'Back up now', action: { type: 'back-up' } } as const
const open = { label: 'Open Backups', action: { type: 'go-to', page: '/backups' } } as const
const prune = { label: 'Prune…', action: { type: 'prune' } } as const

export function backupOld(age: string, why: string, cause: Cause): AttentionDraft {
  return {
    id: 'backup-old',
    subject: 'backups',
    severity: 'warning',
    title: `There has been no good backup for ${age}`,
    why,
    fixes: [backUp, open],
    cause,
    dismissible: false,
  }
}

export function clockBehind(snapshot: string, at: string, now: string, cause: Cause): AttentionDraft {
  return {
    id: 'backup-clock',
    subject: `snapshot:${snapshot}`,
    severity: 'warning',
    title: 'The clock stands before the newest snapshot',
    why: `It is ${now} by this PC, and ${snapshot} was taken on ${at}. Until the clock is past that, no old snapshot is removed. Set the clock right; if the snapshot was taken while it was wrong, delete that one.`,
    fixes: [{ label: 'Open the snapshot', action: { type: 'go-to', page: `/backups/${snapshot}` } }],
    cause,
    dismissible: true,
  }
}

export function folderFillsSoon(days: number, why: string, cause: Cause): AttentionDraft {
  return {
    id: 'backup-space',
    subject: 'backups',
    severity: 'warning',
    title: `The disk of the backups will be full in ${days === 1 ? '1 day' : `${days} days`}`,
    why,
    fixes: [prune, open],
    cause,
    dismissible: true,
  }
}

export function noRoomForNext(folder: string, free: string, largest: string, cause: Cause): AttentionDraft {
  return {
    id: 'backup-space',
    subject: 'backups',
    severity: 'error',
    title: 'The disk of the backups is nearly full',
    why: `${free} are free on the disk of ${folder}; the largest of the last backups needed ${largest}, and 48 MB have to stay free. The next one may fail.`,
    fixes: [prune, open],
    cause,
    dismissible: false,
  }
}

export function backupSlow(
  { id, durationMs }: Pick<Snapshot, 'id' | 'durationMs'>,
  usualMs: number,
  cause: Cause,
): AttentionDraft {
  return {
    id: 'backup-slow',
    subject: `snapshot:${id}`,
    severity: 'notice',
    title: 'The last backup took much longer than usual',
    why: `It took ${tookTime(durationMs)}; the ones before took ${tookTime(usualMs)}. A disk that begins to fail, a slow connection, or much new data are the usual reasons.`,
    fixes: [{ label: 'Open the snapshot', action: { type: 'go-to', page: `/backups/${id}` } }],
    cause,
    dismissible: true,
  }
}

export function siteShrank({ kind, from, share }: Shrink, why: string, cause: Cause): AttentionDraft {
  return {
    id: `backup-shrunk:${kind}`,
    subject: `snapshot:${from}`,
    severity: 'error',
    title: `${kind === 'full' ? 'The site is' : 'The data of the site are'} ${Math.round(share * 100)} % smaller than before`,
    why,
    fixes: [
      { label: 'Open the snapshot', action: { type: 'go-to', page: `/backups/${from}` } },
      { label: 'That is right', action: { type: 'accept-shrink', snapshot: from } },
    ],
    cause,
    dismissible: false,
  }
}

/** Somebody else has the repository, and a backup could not begin for that. */
export function repositoryHeld(why: string, cause: Cause): AttentionDraft {
  return {
    id: 'backup-held',
    subject: 'backups',
    severity: 'warning',
    title: 'Another process holds the backups',
    why,
    fixes: [backUp],
    cause,
    dismissible: true,
  }
}
