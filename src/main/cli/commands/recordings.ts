import { parseDuration } from '#core/config/index.ts'
import type { RecordingView, ReplayPlan } from '#shared/contract/recordings.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { bytes, counted, moment, table } from '../words.ts'
import { agreed, type ConsentOptions } from './consent.ts'
import { type CommandContext, show } from './context.ts'
import { runJob } from './run-job.ts'

export interface StartOptions {
  readonly filter: string
  readonly text: string
  readonly messages: number
  readonly for: string
}

export interface ReplayOptions {
  readonly filter: string
  readonly prefix: string
  readonly faster: string
  readonly rate?: number
  readonly broker?: string
}

/** `wheelhouse recording [list]`. */
export async function recordingList(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const { recordings } = await reached.connection.calls.recordings.list({})
  const { site } = await firstState(reached.connection)
  const newest = recordings.toReversed()
  show(context, { recordings: newest }, listText(newest, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** `wheelhouse recording start NAME`. */
export async function recordingStart(context: CommandContext, name: string, options: StartOptions): Promise<number> {
  const ms = parseDuration(options.for)
  if (ms === undefined) {
    throw new ConsoleError('duration-invalid', `"${options.for}" is no duration.`, 'Write it as 30m, 2h or 1d.')
  }
  await using reached = await context.reach('host')
  const { filter, text, messages } = options
  const { recording } = await reached.connection.calls.recordings.start({ name, filter, text, messages, ms })
  show(context, { recording }, `${recording} records ${filter}. \`wheelhouse recording stop ${recording}\` ends it.`)
  return exitCodes.done
}

/** `wheelhouse recording stop ID`. */
export async function recordingStop(context: CommandContext, recording: string): Promise<number> {
  await using reached = await context.reach('host')
  await reached.connection.calls.recordings.stop({ recording })
  const { recordings } = await reached.connection.calls.recordings.list({})
  const stopped = recordings.find(({ id }) => id === recording)
  show(context, { recording: stopped }, `${recording} holds ${counted(stopped?.messages ?? 0, 'message')}.`)
  return exitCodes.done
}

/** `wheelhouse recording delete ID`, after it was asked. */
export async function recordingDelete(
  context: CommandContext,
  recording: string,
  options: ConsentOptions,
): Promise<number> {
  await using reached = await context.reach('any')
  const { recordings } = reached.connection.calls
  const found = (await recordings.list({})).recordings.find(({ id }) => id === recording)
  const what = found ? `${found.name}, ${counted(found.messages, 'message')}` : recording
  const sentence = `Deletes ${what}. It cannot be undone.`
  const intent = { sentence, text: sentence, document: { recording: found ?? recording } }
  if (!(await agreed(context, intent, options))) return options.plan ? exitCodes.done : exitCodes.refused
  await recordings.delete({ recording })
  show(context, { recording }, `Deleted: ${what}.`)
  return exitCodes.done
}

/** `wheelhouse recording replay ID`: shows which topics it publishes to, asks, and does it as a job. */
export async function recordingReplay(
  context: CommandContext,
  recording: string,
  values: ReplayOptions,
  options: ConsentOptions,
): Promise<number> {
  const factor = Number(values.faster)
  if (values.rate === undefined && !(factor >= 0.01 && factor <= 1_000)) {
    throw new ConsoleError('factor-invalid', `"${values.faster}" is no factor.`, 'It is a number from 0.01 to 1000.')
  }
  const pace =
    values.rate === undefined
      ? ({ kind: 'scaled', factor } as const)
      : ({ kind: 'rate', perSecond: values.rate } as const)
  await using reached = await context.reach(options.plan ? 'any' : 'host')
  const { recordings } = reached.connection.calls
  const request = {
    recording,
    filter: values.filter,
    prefix: values.prefix,
    pace,
    ...(values.broker !== undefined && { broker: values.broker }),
  }
  const plan = await recordings.replayPlan(request)
  if (plan.refusal !== null && !options.plan) {
    throw new ConsoleError('replay-not-now', plan.refusal, 'Correct it, then replay again.', { retryable: true })
  }
  const intent = { sentence: plan.sentence, text: planText(plan), document: { plan } }
  if (!(await agreed(context, intent, options))) return options.plan ? exitCodes.done : exitCodes.refused
  return await runJob(context, reached, await recordings.replay(request))
}

function planText(plan: ReplayPlan): string {
  return [
    plan.sentence,
    ...plan.topics.map(({ topic, messages }) => `  ${topic}: ${messages}`),
    ...(plan.moreTopics > 0 ? [`  and ${counted(plan.moreTopics, 'more topic')}`] : []),
    ...plan.warnings,
    ...(plan.refusal === null ? [] : [`Not now: ${plan.refusal}`]),
  ].join('\n')
}

function listText(recordings: readonly RecordingView[], zone: string): string {
  if (recordings.length === 0) return 'Nothing is recorded.'
  const rows = recordings.map((one) => [
    one.id,
    one.name,
    one.imported ? 'imported' : one.filter,
    one.gaps === 0 ? one.state : `${one.state}, interrupted ${one.gaps === 1 ? 'once' : `${one.gaps} times`}`,
    String(one.messages),
    bytes(one.bytes),
    String(one.lost),
    moment(one.startedAt, zone),
    one.why ?? '',
  ])
  const heading = ['ID', 'NAME', 'TOPICS', 'STATE', 'MESSAGES', 'SIZE', 'LOST', 'BEGAN', 'WHY IT ENDED']
  return table(heading, rows, ['MESSAGES', 'SIZE', 'LOST'])
}
