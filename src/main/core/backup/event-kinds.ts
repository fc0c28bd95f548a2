/** The kinds of events that this part emits. */
export const eventKinds = {
  completed: 'backup.completed',
  failed: 'backup.failed',
  verified: 'backup.verified',
  pruned: 'backup.pruned',
  deleted: 'backup.deleted',
  shrinkAccepted: 'backup.shrink-accepted',
  unlocked: 'backup.unlocked',
  keyChanged: 'backup.key-changed',
  kitMade: 'backup.kit-made',
  kitProven: 'backup.kit-proven',
  kitFailed: 'backup.kit-failed',
  restored: 'restore.completed',
  restoreFailed: 'restore.failed',
  undone: 'restore.undone',
  recovered: 'restore.recovered',
} as const
