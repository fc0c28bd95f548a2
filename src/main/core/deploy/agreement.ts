import type { DeployPlan } from '#shared/contract/deploys.ts'
import { ConsoleError } from '#shared/problem.ts'
import { stuckCard } from './cards.ts'
import type { DeployGround } from './ground.ts'
import { type Planned, type PlanWish, planDeploy, refusal } from './plan.ts'

/** Works a wish out as things are now. */
export function plannedOn(
  { parts, records, closing }: DeployGround,
  wish: PlanWish,
  signal?: AbortSignal,
): Promise<Planned> {
  return planDeploy(wish, parts, records.all(), signal ? AbortSignal.any([signal, closing]) : closing)
}

/** The plan, if it is what the operator saw and nothing speaks against it. Rejects with `deploy-stuck`, `plan-outdated`, `deploy-refused`. */
export async function agreedPlan(ground: DeployGround, wish: PlanWish, fingerprint: string | null): Promise<Planned> {
  const stuckOne = ground.records
    .all()
    .find(({ standing }) => standing.phase === 'stuck' || standing.phase === 'rolling-back')
  if (stuckOne) {
    throw new ConsoleError(
      'deploy-stuck',
      `"${stuckOne.title}" has not come to its end: ${stuckOne.sentence}`,
      `Bring it to its end first: \`wheelhouse deploys settle ${stuckOne.id}\`.`,
      { params: { deploy: stuckOne.id, card: stuckCard(stuckOne.id) } },
    )
  }
  const planned = await plannedOn(ground, wish)
  if (fingerprint !== null && fingerprint !== planned.plan.fingerprint) throw outdated(wish.release)
  if (planned.plan.refusal !== null) throw refusal(planned.plan)
  return planned
}

/** It is not what was shown any more. */
export function outdated(release: string): ConsoleError {
  return new ConsoleError(
    'plan-outdated',
    'The site or the release has changed since this was looked at, so what was shown is not what would happen. Nothing was touched.',
    'Look at the plan again.',
    { params: { release } },
  )
}

export function notTrusted(plan: DeployPlan): ConsoleError {
  return new ConsoleError(
    'deploy-not-trusted',
    'The site.yaml of the release would run what nobody has looked through yet. Nothing was touched.',
    'Look at the list of commands in the plan, then deploy with exactly that fingerprint.',
    { params: { release: plan.release, fingerprint: plan.trust?.fingerprint ?? null } },
  )
}
