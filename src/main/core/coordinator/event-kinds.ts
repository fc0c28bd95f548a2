/** The kinds of event that the coordinator emits, all with the subject `service:<id>` except the last. */
export const serviceEvents = {
  starting: 'service.starting',
  started: 'service.started',
  ready: 'service.ready',
  healthy: 'service.healthy',
  degraded: 'service.degraded',
  unhealthy: 'service.unhealthy',
  waiting: 'service.waiting',
  exited: 'service.exited',
  restarting: 'service.restarting',
  /** It would have been started again, but something holds restarts back: maintenance. */
  heldBack: 'service.held-back',
  completed: 'service.completed',
  failed: 'service.failed',
  stopping: 'service.stopping',
  stopped: 'service.stopped',
  adopted: 'service.adopted',
  hookRan: 'service.hook-ran',
  hookFailed: 'service.hook-failed',
  /** The operator sent it a signal. */
  signalled: 'service.signalled',
  /** It uses more than `limits` of site.yaml allows, for as long as is said there; and no longer. */
  overLimit: 'service.over-limit',
  withinLimit: 'service.within-limit',
  /** Something that a service had started was still there after it ended, and was killed. */
  swept: 'service.left-processes',
  /** Everything was killed at once. Subject `site`. */
  emergencyStop: 'site.emergency-stopped',
} as const

export type ServiceEventKind = (typeof serviceEvents)[keyof typeof serviceEvents]
