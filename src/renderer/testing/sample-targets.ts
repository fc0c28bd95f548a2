import type { TargetView } from '#shared/contract/index.ts'

/** A main target, a drive that is not plugged in, and a bucket that is behind. */
export function sampleTargets(now: number): Readonly<Record<string, TargetView>> {
  const target: TargetView = {
    id: 'main',
    kind: 'folder',
    place: '/mnt/backup/lab',
    state: 'ready',
    sentence: null,
    remedy: null,
    snapshots: 6,
    behind: null,
    lastAt: now - 14 * 60_000,
    freeBytes: 183e9,
    weak: false,
    inUse: true,
  }
  const copy = { ...target, freeBytes: null, inUse: false }
  return {
    main: target,
    drive: {
      ...copy,
      id: 'drive',
      kind: 'usb',
      place: 'wheelhouse on the drive “BACKUP”',
      state: 'absent',
      sentence: 'The drive “BACKUP” is not plugged in.',
      remedy: 'Plug it in; what is due is made up for.',
      behind: 3,
      lastAt: now - 3 * 86_400_000,
    },
    offsite: { ...copy, id: 'offsite', kind: 's3', place: 'the bucket lab at s3.example', behind: 0 },
  }
}
