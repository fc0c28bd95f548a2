import type { StoreView } from '#shared/contract/state.ts'
import type { StoreRecoveryPlan } from '#shared/contract/store.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import type { Reached } from '../reach.ts'
import { bytes, counted, moment, table } from '../words.ts'
import { agreed, type ConsentOptions } from './consent.ts'
import { type CommandContext, show } from './context.ts'
import { runJob } from './run-job.ts'

type DatabaseName = StoreView['databases'][number]['name']

/** `wheelhouse store [status]`: the console's own databases, their copies, checks, and what was set aside. */
export async function storeStatus(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const { store, zone } = await storeOf(reached)
  show(context, { store }, storeText(store, zone))
  return exitCodes.done
}

/** `wheelhouse store check [control|messages] [--full]`: both databases unless one is named. */
export async function storeCheck(
  context: CommandContext,
  database: DatabaseName | null,
  full: boolean,
): Promise<number> {
  return forEach(context, database, (reached, name) =>
    reached.connection.calls.store.check({ database: name, kind: full ? 'full' : 'quick' }),
  )
}

/** `wheelhouse store copy [control|messages]`: takes a copy, opened and checked before it counts. */
export async function storeCopy(context: CommandContext, database: DatabaseName | null): Promise<number> {
  return forEach(context, database, (reached, name) => reached.connection.calls.store.copy({ database: name }))
}

/** `wheelhouse store recover control|messages`: puts a good database in the place of a damaged one. */
export async function storeRecover(
  context: CommandContext,
  database: DatabaseName,
  options: ConsentOptions,
): Promise<number> {
  await using reached = await context.reach('any')
  const { zone } = await storeOf(reached)
  const plan = await reached.connection.calls.store.planRecovery({ database })
  const intended = { sentence: plan.sentence, text: storeRecoveryText(plan, zone), document: { plan } }
  if (!(await agreed(context, intended, options))) return options.plan ? exitCodes.done : exitCodes.refused
  return await runJob(context, reached, await reached.connection.calls.store.recover({ database }))
}

/** One job after the other; the exit code is that of the first that failed. */
async function forEach(
  context: CommandContext,
  database: DatabaseName | null,
  start: (reached: Reached, name: DatabaseName) => Promise<{ readonly job: string }>,
): Promise<number> {
  await using reached = await context.reach('any')
  const names: readonly DatabaseName[] = database === null ? ['control', 'messages'] : [database]
  let code: number = exitCodes.done
  for (const name of names) {
    const ended = await runJob(context, reached, await start(reached, name))
    if (code === exitCodes.done) code = ended
  }
  return code
}

async function storeOf(reached: Reached): Promise<{ readonly store: StoreView; readonly zone: string }> {
  const { store, site } = await firstState(reached.connection)
  if (store.store) return { store: store.store, zone: site.site?.zone ?? 'UTC' }
  throw new ConsoleError('no-site', 'No site is open, so there is no store to look at.', 'Name the site with --site.')
}

export function storeRecoveryText(plan: StoreRecoveryPlan, zone: string): string {
  const { copy, lost, aboutMs } = plan
  return [
    plan.sentence,
    ...plan.steps.map((step, index) => `  ${index + 1}. ${step}`),
    ...(copy === null ? [] : [`That copy was taken ${moment(copy.at, zone)} and takes ${bytes(copy.bytes)}.`]),
    lost === null
      ? 'Lost: whatever cannot be read of the damaged files; how much that is cannot be told beforehand.'
      : `Lost at most: what was recorded from ${moment(lost.from, zone)} to ${moment(lost.to, zone)}.`,
    ...(aboutMs === null ? [] : [`It takes about ${Math.max(1, Math.ceil(aboutMs / 1_000))} s.`]),
    plan.undo,
  ].join('\n')
}

export function storeText(store: StoreView, zone: string): string {
  const databases = table(
    ['DATABASE', 'STATE', 'SIZE', 'LOG', 'COPIES', 'NEWEST COPY', 'LAST CHECK'],
    store.databases.map(({ name, state, bytes: size, walBytes, copies, lastCheck }) => [
      name,
      state,
      bytes(size),
      bytes(walBytes),
      String(copies.count),
      copies.newestAt === null ? 'none' : moment(copies.newestAt, zone),
      lastCheck === null
        ? 'never'
        : `${moment(lastCheck.at, zone)} (${lastCheck.kind}, ${lastCheck.ok ? 'no problem' : 'DAMAGED'})`,
    ]),
    ['SIZE', 'LOG', 'COPIES'],
  )
  const notes = store.databases.flatMap(({ name, note }) => (note === null ? [] : [`${name}: ${note}`]))
  const quarantine = store.quarantine.map(
    ({ folder, bytes: size, until, why }) =>
      `  ${folder}  ${bytes(size)}, kept until ${moment(until, zone)}\n    ${why}`,
  )
  return [
    `The console's store is ${store.state}.${store.note === null ? '' : ` ${store.note}`}`,
    databases,
    ...(notes.length > 0 ? [notes.join('\n')] : []),
    ...(quarantine.length > 0
      ? [
          `${counted(quarantine.length, 'damaged file set is', 'damaged file sets are')} kept:\n${quarantine.join('\n')}`,
        ]
      : []),
  ].join('\n\n')
}
