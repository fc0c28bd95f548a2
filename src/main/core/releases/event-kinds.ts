/** The kinds of events that this part emits. */
export const eventKinds = {
  adopted: 'release.adopted',
  found: 'release.found',
  switched: 'release.switched',
  marked: 'release.marked',
  unmarked: 'release.unmarked',
  pinned: 'release.pinned',
  unpinned: 'release.unpinned',
  removed: 'release.removed',
  verified: 'release.verified',
  damaged: 'release.damaged',
} as const
