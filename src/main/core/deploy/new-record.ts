import type { JobContext } from '#core/jobs/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { atFirst, deploySteps } from './deploy-machine.ts'
import type { Planned, PlanWish } from './plan.ts'
import type { DeployRecord } from './record.ts'

export interface RecordedWith {
  readonly title: string
  readonly at: number
  readonly cause: Cause
  /** Crashes that are forgiven. */
  readonly allowed: number
}

/** The record that a deploy begins with. */
export function newRecord(
  context: JobContext,
  wish: PlanWish,
  { plan, config, target, touched, dataFrom }: Planned,
  { title, at, cause, allowed }: RecordedWith,
): DeployRecord {
  return {
    version: 1,
    id: context.id,
    kind: wish.kind,
    title,
    standing: atFirst(allowed),
    release: target.id,
    from: plan.from,
    at,
    endedAt: null,
    cause,
    job: context.id,
    steps: deploySteps.map((id) => ({ id, state: 'pending', startedAt: null, endedAt: null })),
    findings: plan.findings,
    services: touched.map(({ id, title, why }) => ({ id, title, why })),
    wanted: [],
    passed: [],
    restorePoint: null,
    config: config.before === config.after ? null : { before: config.before, after: config.after },
    downMs: null,
    failure: null,
    sentence: plan.sentence,
    // A roll-back that fails goes to where it came from, with the data as they are.
    takeBack: wish.kind === 'deploy' ? plan.takeBack : wish.takeBack,
    dataFrom,
    tookBack: null,
    probation: null,
  }
}
