import type { HandOverPlan, UnitView } from '#shared/contract/unit.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { bytes } from '../words.ts'
import { agreed, type ConsentOptions } from './consent.ts'
import { type CommandContext, show } from './context.ts'
import { runJob } from './run-job.ts'

/** `wheelhouse unit SERVICE`: how systemd runs a service, and what may be done about it. Changes nothing. */
export async function unit(context: CommandContext, service: string): Promise<number> {
  await using reached = await context.reach('any')
  const view = await reached.connection.calls.services.unit({ service })
  show(context, view, unitText(view))
  return exitCodes.done
}

/** `wheelhouse adopt|release SERVICE`: hands a service over from its unit of systemd to the console, or back. */
export async function handOver(
  context: CommandContext,
  verb: 'adopt' | 'release',
  service: string,
  options: ConsentOptions,
): Promise<number> {
  // Whoever runs a service must watch over it: only a look is possible without a console.
  await using reached = await context.reach(options.plan ? 'any' : 'host')
  const { services } = reached.connection.calls
  const view = await services.unit({ service })
  const plan = view[verb]
  // Without a plan the console says why not, in its own words.
  if (!plan) return await runJob(context, reached, await services[verb]({ service }))
  if (plan.refusal && !options.plan) {
    throw new ConsoleError(`unit-${verb}-refused`, plan.refusal.message, plan.refusal.remedy, { params: { service } })
  }
  const intent = { sentence: plan.sentence, text: planText(plan), document: { plan } }
  if (!(await agreed(context, intent, options))) return options.plan ? exitCodes.done : exitCodes.refused
  return await runJob(context, reached, await services[verb]({ service }))
}

export function unitText({ service, sentence, state, holder, adopt, release, write }: UnitView): string {
  const memory = state?.memory == null ? [] : [`It uses ${bytes(state.memory)} of memory.`]
  const runner = holder === 'console' ? [`The console has taken ${service} over from it.`] : []
  return [
    sentence,
    ...memory,
    ...runner,
    ...(adopt ? ['', `To let the console run it: ${adopt.commandLine}`, planText(adopt)] : []),
    ...(release ? ['', `To give it back: ${release.commandLine}`, planText(release)] : []),
    ...(write ? ['', ...writeLines(service, write)] : []),
  ].join('\n')
}

export function planText({ sentence, steps, touches, notes, undo, refusal }: HandOverPlan): string {
  return [
    ...(refusal ? [`Not possible now: ${refusal.message} ${refusal.remedy}`] : []),
    sentence,
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
    ...(touches.length > 0 ? ['It touches:', ...touches.map((touch) => `  ${touch}`)] : []),
    ...(notes.length > 0 ? ['Look at this before:', ...notes.map((note) => `  ${note}`)] : []),
    `The way back: ${undo}`,
  ].join('\n')
}

function writeLines(service: string, { steps, change, notes }: NonNullable<UnitView['write']>): readonly string[] {
  return [
    `To let the console run ${service}, site.yaml must say how:`,
    ...steps.map(({ command, why }, index) => `  ${index + 1}. ${command}\n     ${why}`),
    'The change in site.yaml:',
    ...change,
    ...(notes.length > 0 ? ['Look at this before:', ...notes.map((note) => `  ${note}`)] : []),
  ]
}
