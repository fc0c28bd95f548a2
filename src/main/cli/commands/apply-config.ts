import type { ConfigPlanView } from '#shared/contract/config.ts'
import { exitCodes } from '../exit-code.ts'
import { printable } from '../words.ts'
import { changesText } from './config-versions.ts'
import { agreed, type ConsentOptions } from './consent.ts'
import { type CommandContext, show } from './context.ts'
import { runJob } from './run-job.ts'

/** `wheelhouse config apply [--plan|--yes]`: puts to use what lies on disk, after showing what differs and what that touches. */
export async function applyConfig(context: CommandContext, consent: ConsentOptions): Promise<number> {
  await using reached = await context.reach('any')
  const { config } = reached.connection.calls
  const plan = await config.plan()
  const text = planText(plan)
  if (plan.touch === null) {
    show(context, { plan }, text)
    return exitCodes.failed
  }
  const sentence = plan.touch.sentence
  if (!(await agreed(context, { sentence, text, document: { plan } }, consent)))
    return consent.plan ? exitCodes.done : exitCodes.refused
  const { job } = await config.apply()
  if (job !== null) return await runJob(context, reached, { job })
  show(context, { applied: true, plan }, 'The configuration on disk is in use; no service had to be restarted.')
  return exitCodes.done
}

function planText({ problems, changes, touch, trust }: ConfigPlanView): string {
  const told = problems.map(({ place, message, remedy }) => printable(`${place}  ${message} ${remedy}`))
  const trusted = trust ? ['What it runs has not been trusted yet: it is used once it is (`wheelhouse trust`).'] : []
  const what = touch === null ? ['It cannot be used.'] : [changesText(changes), touch.sentence]
  return [...told, ...what, ...trusted].join('\n')
}
