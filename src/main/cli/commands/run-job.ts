import type { JobView } from '#shared/contract/state.ts'
import { exitCodes } from '../exit-code.ts'
import type { Reached } from '../reach.ts'
import { watchJob } from '../watch-job.ts'
import { type CommandContext, show } from './context.ts'

/** Waits for a job that was just started, shows its result, and returns the exit code that it means. */
export async function runJob(
  context: CommandContext,
  reached: Reached,
  started: { readonly job: string },
): Promise<number> {
  const job = await watchJob(reached, started.job, context.terminal)
  if (context.json || job.state === 'completed') show(context, { job }, resultText(job))
  if (job.state === 'completed') return exitCodes.done
  context.terminal.err(resultText(job))
  return exitCodes.failed
}

function resultText({ title, state, message, remedy }: JobView): string {
  return [message ?? `${title}: ${state}.`, ...(remedy ? [remedy] : [])].join('\n')
}
