/** What rehearsals tell. The subject is the snapshot; of a rehearsal that was not made for want of one, the site. */
export const rehearsalEvents = {
  started: 'rehearsal.started',
  /** Proven, wholly or partly. */
  completed: 'rehearsal.completed',
  /** The snapshot could not be brought up. */
  failed: 'rehearsal.failed',
  /** Something that says nothing about the snapshot kept it from being tried. */
  notMade: 'rehearsal.not-made',
  cancelled: 'rehearsal.cancelled',
  /** What a rehearsal had left was ended and removed when the site was opened. */
  swept: 'rehearsal.swept',
} as const
