import type { OutboxPage, QuarantineChoice, Settled } from '#shared/contract/messages.ts'
import { boundsInWords, horizonInWords, targetInWords } from '#shared/outbox-words.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { bytes, counted, moment, printable, shortened, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse outbox list`: what waits for which target, and the oldest messages. */
export async function outboxList(context: CommandContext, route: string | undefined, limit: number): Promise<number> {
  await using reached = await context.reach('host')
  const page = await reached.connection.calls.messages.outbox({ limit, ...(route !== undefined && { route }) })
  const { site } = await firstState(reached.connection)
  show(context, page, outboxText(page, site.site?.zone ?? 'UTC', Date.now()))
  return exitCodes.done
}

export function outboxText(page: OutboxPage, zone: string, now: number): string {
  const { rows, targets, more, bounds } = page
  if (targets.length === 0) return `Nothing waits in the outbox. ${boundsInWords(bounds)}`
  const sums = targets.map(({ route, target, rows: waiting, bytes: size, oldestAt }) => [
    route,
    targetInWords(target),
    String(waiting),
    bytes(size),
    moment(oldestAt, zone),
  ])
  const list = rows.map(({ seq, at, route, target, key, payload }) => [
    String(seq),
    moment(at, zone),
    route,
    targetInWords(target),
    key === null ? '–' : shortened(key, 30),
    payload.slice(0, 60),
  ])
  return [
    `${horizonInWords(page, now)} ${boundsInWords(bounds)}`,
    '',
    table(['ROUTE', 'TARGET', 'WAITING', 'SIZE', 'OLDEST'], sums, ['WAITING', 'SIZE']),
    '',
    table(['NUMBER', 'AT', 'ROUTE', 'TARGET', 'KEY', 'PAYLOAD'], list),
    ...(more ? ['…'] : []),
  ].join('\n')
}

/** `wheelhouse outbox send|discard NUMBER`. */
export async function outboxSettle(context: CommandContext, seq: number, what: 'send' | 'discard'): Promise<number> {
  await using reached = await context.reach('host')
  const answer = await reached.connection.calls.messages.settleWaiting({ seq, what })
  const done = what === 'send' ? 'Its target is tried now.' : `Message ${seq} discarded.`
  show(context, answer, done)
  return exitCodes.done
}

/** `wheelhouse quarantine list`: newest first. */
export async function quarantineList(
  context: CommandContext,
  route: string | undefined,
  limit: number,
): Promise<number> {
  await using reached = await context.reach('any')
  const page = await reached.connection.calls.messages.quarantine({ limit, ...(route !== undefined && { route }) })
  const { site } = await firstState(reached.connection)
  const zone = site.site?.zone ?? 'UTC'
  const list = page.rows.map(({ id, at, route: of, topic, reason, client }) => [
    String(id),
    moment(at, zone),
    of,
    printable(client ?? '–'),
    topic,
    reason,
  ])
  show(
    context,
    page,
    list.length === 0
      ? 'Nothing is in quarantine.'
      : table(['NUMBER', 'AT', 'ROUTE', 'CLIENT', 'TOPIC', 'REASON'], list),
  )
  return exitCodes.done
}

/** `wheelhouse quarantine send ID | --route ROUTE`. */
export async function quarantineSend(
  context: CommandContext,
  choice: QuarantineChoice,
  payload: string | undefined,
): Promise<number> {
  await using reached = await context.reach('host')
  const { messages } = reached.connection.calls
  const answer = await messages.sendQuarantined(
    'id' in choice ? { choice, ...(payload !== undefined && { payload }) } : { choice },
  )
  show(context, answer, settledText(answer, 'sent again'))
  return exitCodes.done
}

/** `wheelhouse quarantine discard ID | --route ROUTE`. */
export async function quarantineDiscard(context: CommandContext, choice: QuarantineChoice): Promise<number> {
  await using reached = await context.reach('any')
  const answer = await reached.connection.calls.messages.discardQuarantined({ choice })
  show(context, answer, settledText(answer, 'discarded'))
  return exitCodes.done
}

function settledText({ done, left }: Settled, what: string): string {
  const others = `${counted(left, 'message')} stay${left === 1 ? 's' : ''}: not whole, or in the hands of another order.`
  return `${counted(done, 'message')} ${what}.${left > 0 ? ` ${others}` : ''}`
}
