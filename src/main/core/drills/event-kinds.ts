/** What drills tell. The subject is the service that a drill is of. */
export const drillEvents = {
  /** The failure is about to be brought about: the cause of all that follows. */
  started: 'drill.started',
  completed: 'drill.completed',
  /** Not noticed, not healthy in time, or ended early. */
  failed: 'drill.failed',
  cancelled: 'drill.cancelled',
  /** What a drill had done was undone when the site was opened. */
  undone: 'drill.undone',
  /** What a drill had done could not be undone when the site was opened. */
  notUndone: 'drill.not-undone',
  /** Its date passed while it could not be done. */
  skipped: 'drill.skipped',
} as const
