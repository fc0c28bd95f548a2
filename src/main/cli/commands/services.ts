import type { ServiceAction } from '#shared/contract/services.ts'
import { exitCodes } from '../exit-code.ts'
import type { Reached } from '../reach.ts'
import { counted } from '../words.ts'
import { type CommandContext, show } from './context.ts'
import { runJob } from './run-job.ts'

/** `wheelhouse start|stop|restart SERVICE`. */
export async function actOnService(
  context: CommandContext,
  action: 'start' | 'stop' | 'restart',
  service: string,
): Promise<number> {
  // What an ended console left running can be stopped without one; what is started must be watched over.
  await using reached = await context.reach(action === 'stop' ? 'any' : 'host')
  await announce(context, reached, action, service)
  return await runJob(context, reached, await reached.connection.calls.services[action]({ service }))
}

/** `wheelhouse start|stop --all`. */
export async function actOnAll(context: CommandContext, action: 'start' | 'stop'): Promise<number> {
  await using reached = await context.reach(action === 'stop' ? 'any' : 'host')
  const { services } = reached.connection.calls
  await announce(context, reached, action === 'stop' ? 'stop-all' : 'start-all')
  return await runJob(context, reached, action === 'stop' ? await services.stopAll() : await services.startAll())
}

/** `wheelhouse emergency-stop`: kills every service at once, in no order. */
export async function emergencyStop(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const result = await reached.connection.calls.services.emergencyStop()
  show(context, result, `Killed ${counted(result.killed, 'process', 'processes')} in ${Math.round(result.ms)} ms.`)
  return exitCodes.done
}

/** Says what the action will touch, before it does. */
async function announce(
  { json, terminal }: CommandContext,
  { connection }: Reached,
  action: ServiceAction,
  service?: string,
): Promise<void> {
  const touch = await connection.calls.services.preview({ action, ...(service !== undefined && { service }) })
  if (!json) terminal.err(touch.sentence)
}
