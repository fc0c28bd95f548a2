import type { RouteStagesView } from '#shared/contract/index.ts'
import { hour } from './sample-entities.ts'

type Stage = RouteStagesView['stages'][number]

/** What the stages of the route desk-presence did: everything of the last minute ends at `validate`. */
export function sampleStages(now: number): RouteStagesView {
  const stage = (name: Stage['stage'], counts: Partial<Stage>): Stage => {
    const { in: entered = 0, ended = 0, failed = 0, waiting = 0 } = counts
    const minute = { in: 0, ended: 0, failed: 0 }
    const rest = { reason: null, client: '', meanUs: 1.4, p99Us: 4 }
    return {
      stage: name,
      in: entered,
      out: entered - ended - failed - waiting,
      ended,
      failed,
      waiting,
      minute,
      ...rest,
      ...counts,
    }
  }
  const reason = '"validate" refused it: battery must be <= 100'
  return {
    id: 'desk-presence',
    since: now - 3 * hour,
    stages: [
      stage('payload', { in: 18_552, minute: { in: 212, ended: 0, failed: 0 }, meanUs: 8.2, p99Us: 22.6 }),
      stage('where', { in: 18_552, ended: 1_204, minute: { in: 212, ended: 0, failed: 0 } }),
      stage('validate', {
        in: 17_348,
        failed: 3,
        reason,
        client: 'desk-unit-9',
        minute: { in: 212, ended: 0, failed: 212 },
      }),
      stage('limit', { in: 17_345, ended: 310, waiting: 2 }),
      stage('map', { in: 17_033, meanUs: 5.1, p99Us: 16 }),
    ],
  }
}
