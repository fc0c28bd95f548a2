import type { RecoveryPlan } from '#shared/contract/databases.ts'
import type { SiteDatabaseView } from '#shared/contract/state.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { bytes, moment, table } from '../words.ts'
import { agreed, type ConsentOptions } from './consent.ts'
import { type CommandContext, show } from './context.ts'
import { runJob } from './run-job.ts'

/** `wheelhouse database [status]`: the databases of the site, their pools and copies. */
export async function databaseStatus(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const { databases, site } = await firstState(reached.connection)
  const list = Object.values(databases ?? {}).flatMap((database) => database ?? [])
  show(context, { databases: list }, databasesText(list, site?.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** `wheelhouse database check ID`: reads all of it for damage. */
export async function checkDatabase(context: CommandContext, service: string): Promise<number> {
  await using reached = await context.reach('any')
  return await runJob(context, reached, await reached.connection.calls.databases.check({ service }))
}

/** `wheelhouse database copy ID`. */
export async function copyDatabase(context: CommandContext, service: string): Promise<number> {
  await using reached = await context.reach('any')
  return await runJob(context, reached, await reached.connection.calls.databases.copy({ service }))
}

/** `wheelhouse database recover ID`: quarantine, newest good copy, else what can still be read. */
export async function recoverDatabase(
  context: CommandContext,
  service: string,
  options: ConsentOptions,
): Promise<number> {
  await using reached = await context.reach('any')
  const { databases } = reached.connection.calls
  const plan = await databases.planRecovery({ service })
  const { site } = await firstState(reached.connection)
  const intent = { sentence: plan.sentence, text: recoveryText(plan, site?.site?.zone ?? 'UTC'), document: { plan } }
  if (!(await agreed(context, intent, options))) return options.plan ? exitCodes.done : exitCodes.refused
  return await runJob(context, reached, await databases.recover({ service }))
}

function recoveryText(plan: RecoveryPlan, zone: string): string {
  return [
    plan.sentence,
    ...plan.steps.map((step, index) => `  ${index + 1}. ${step}`),
    plan.lost === null
      ? 'How much is lost cannot be told beforehand.'
      : `Lost at most: what was changed between ${moment(plan.lost.from, zone)} and now.`,
    plan.undo,
  ].join('\n')
}

export function databasesText(list: readonly SiteDatabaseView[], zone: string): string {
  if (list.length === 0) return 'This site declares no databases (kind: builtin, use: database).'
  const rows = list.map(({ id, where, health, pool, queries, bytes: size, lastCheck, recovery }) => [
    id,
    where,
    health,
    `${pool.inUse}/${pool.open} of ${pool.size}+${pool.overflow}`,
    `${queries.total} (${queries.failed} failed)`,
    size === null ? '-' : bytes(size),
    lastCheck === null ? 'never' : `${lastCheck.ok ? 'passed' : 'FAILED'} ${moment(lastCheck.at, zone)}`,
    recovery === null ? '-' : recovery.newestCopyAt === null ? 'none' : moment(recovery.newestCopyAt, zone),
  ])
  const header = ['DATABASE', 'WHERE', 'HEALTH', 'IN USE', 'STATEMENTS', 'SIZE', 'CHECKED', 'NEWEST COPY']
  const unwell = list.flatMap(({ id, health, sentence }) => (health === 'healthy' ? [] : [`${id}: ${sentence}`]))
  return [table(header, rows, ['SIZE']), ...unwell].join('\n')
}
