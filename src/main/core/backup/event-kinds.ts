/** The kinds of events that this part emits. */
export const eventKinds = {
  completed: 'backup.completed',
  failed: 'backup.failed',
  verified: 'backup.verified',
  swept: 'backup.swept',
  restored: 'restore.completed',
  restoreFailed: 'restore.failed',
  undone: 'restore.undone',
  recovered: 'restore.recovered',
} as const
