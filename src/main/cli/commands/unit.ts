import type { UnitView } from '#shared/contract/unit.ts'
import { exitCodes } from '../exit-code.ts'
import { bytes } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse unit SERVICE`: how systemd runs a service, and what letting the console run it takes. Changes nothing. */
export async function unit(context: CommandContext, service: string): Promise<number> {
  await using reached = await context.reach('any')
  const view = await reached.connection.calls.services.unit({ service })
  show(context, view, unitText(view))
  return exitCodes.done
}

export function unitText({ sentence, state, plan, service }: UnitView): string {
  const memory = state?.memory == null ? [] : [`It uses ${bytes(state.memory)} of memory.`]
  if (!plan) return [sentence, ...memory].join('\n')
  const numbered = (steps: NonNullable<UnitView['plan']>['steps']) =>
    steps.map(({ command, why }, index) => `  ${index + 1}. ${command}\n     ${why}`)
  return [
    sentence,
    ...memory,
    `To let the console run ${service} (nothing of this is done by this command):`,
    ...numbered(plan.steps),
    'The change in site.yaml:',
    ...plan.change,
    ...(plan.notes.length > 0 ? ['Look at this before:', ...plan.notes.map((note) => `  ${note}`)] : []),
    'The way back:',
    ...numbered(plan.back),
  ].join('\n')
}
