import type { AttemptView, PolicyView, RecoveryPreview } from '#shared/contract/recovery.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { siteNotUsed } from '../site-not-used.ts'
import { counted, moment, shortened, table } from '../words.ts'
import { agreed, type ConsentOptions } from './consent.ts'
import { type CommandContext, show } from './context.ts'
import { runJob } from './run-job.ts'

/** `wheelhouse recovery [list]`: the policies, what each is doing, and its last attempt. */
export async function recoveryList(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const { recovery, site } = await firstState(reached.connection)
  const policies = Object.values(recovery)
  const text = policiesText(policies, site.site?.zone ?? 'UTC')
  show(context, { policies }, policies.length === 0 ? (siteNotUsed(site.site) ?? text) : text)
  return exitCodes.done
}

export interface HistoryOptions {
  readonly policy?: string
  readonly on?: string
  readonly result?: AttemptView['result'] & string
  readonly limit: number
}

/** `wheelhouse recovery history`: attempts, oldest first. */
export async function recoveryHistory(context: CommandContext, options: HistoryOptions): Promise<number> {
  await using reached = await context.reach('any')
  const { policy, on, result, limit } = options
  const query = {
    limit,
    ...(policy !== undefined && { policy }),
    ...(on !== undefined && { subject: subjectOf(on) }),
    ...(result !== undefined && { result }),
  }
  const { attempts, more } = await reached.connection.calls.recovery.history(query)
  const { recovery, site } = await firstState(reached.connection)
  // What was done before a policy was taken out of site.yaml is still shown.
  if (policy !== undefined && attempts.length === 0 && !recovery[policy]) {
    throw new ConsoleError(
      'policy-unknown',
      `This site has no recovery policy "${policy}".`,
      siteNotUsed(site.site) ?? `It has ${Object.keys(recovery).sort().join(', ') || 'none'}.`,
      { params: { policy } },
    )
  }
  show(context, { attempts, more }, historyText(attempts.toReversed(), more, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** `wheelhouse recovery run POLICY [--on SUBJECT]`: shows the next step of the policy, asks, does it. */
export async function recoveryRun(
  context: CommandContext,
  policy: string,
  on: string | undefined,
  options: ConsentOptions,
): Promise<number> {
  // What comes of a step is for a console to watch: only a look is possible without one.
  await using reached = await context.reach(options.plan ? 'any' : 'host')
  const { calls } = reached.connection
  const target = { policy, subject: on === undefined ? null : subjectOf(on) }
  const preview = await calls.recovery.preview(target)
  const intent = { sentence: preview.sentence, text: previewText(preview), document: { preview } }
  if (!(await agreed(context, intent, options))) return options.plan ? exitCodes.done : exitCodes.refused
  return await runJob(context, reached, await calls.recovery.run({ policy, subject: preview.subject }))
}

/** `wheelhouse recovery off|on POLICY`: for as long as the console runs. */
export async function recoverySwitch(context: CommandContext, policy: string, on: boolean): Promise<number> {
  await using reached = await context.reach('host')
  await reached.connection.calls.recovery.switch({ policy, on })
  const said = on
    ? `${policy} is on again.`
    : `${policy} is off until it is switched on, or the console is started anew.`
  show(context, { policy, on }, said)
  return exitCodes.done
}

/** `api` is short for `service:api`. */
function subjectOf(text: string): string {
  return text === 'site' || text === 'machine' || text.includes(':') ? text : `service:${text}`
}

export function policiesText(policies: readonly PolicyView[], zone: string): string {
  if (policies.length === 0) return 'This site has no recovery policies.'
  const rows = policies.map(({ id, state, when, steps, last }) => [
    id,
    state,
    when,
    steps.map(({ words }) => words).join(', then '),
    last === null ? 'never' : `${moment(last.at, zone)} ${last.subject}: ${last.result}`,
  ])
  const notes = policies.flatMap(({ id, subjects }) =>
    subjects.map(
      ({ subject, state, until, sentence }) =>
        `${id} on ${subject}: ${state}${until === null ? '' : ` until ${moment(until, zone)}`}. ${sentence}`,
    ),
  )
  return [
    table(['POLICY', 'STATE', 'WHEN', 'DOES', 'LAST'], rows),
    ...(notes.length > 0 ? [notes.join('\n')] : []),
  ].join('\n\n')
}

export function historyText(attempts: readonly AttemptView[], more: boolean, zone: string): string {
  if (attempts.length === 0) return 'Recovery has done nothing so far.'
  const rows = attempts.map(({ at, policy, subject, action, result, ms, manual, sentence, why }) => [
    moment(at, zone),
    policy,
    subject,
    `${action}${manual ? ' (ordered)' : ''}`,
    result ?? 'under way',
    ms === null ? '–' : `${(ms / 1_000).toFixed(1)} s`,
    shortened(`${sentence ?? ''} Because: ${why}`.trim(), 120),
  ])
  const older = more ? [`There are older ones: --limit more than ${attempts.length}.`] : []
  return [table(['AT', 'POLICY', 'ON', 'DID', 'RESULT', 'TOOK', 'WHAT'], rows, ['TOOK']), ...older].join('\n')
}

function previewText({ sentence, lines, services }: RecoveryPreview): string {
  const touched =
    services.length > 0
      ? [`  It touches ${counted(services.length, 'service')}: ${services.map(({ id }) => id).join(', ')}.`]
      : []
  return [sentence, ...lines.map((line) => `  - ${line}`), ...touched].join('\n')
}
