import type { ServiceState } from '#shared/vocabulary.ts'

/** What a service is doing, in words. */
export const serviceStateWords: Record<ServiceState, string> = {
  stopped: 'stopped',
  waiting: 'waiting',
  starting: 'starting',
  running: 'running',
  stopping: 'stopping',
  'backing-off': 'backing off',
  failed: 'failed',
  completed: 'completed',
  external: 'external',
}
