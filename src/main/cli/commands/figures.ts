import type { PushedView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { moment, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse figures [SERVICE]`: what services push of themselves, their own word on their health first. */
export async function figures(context: CommandContext, service: string | undefined): Promise<number> {
  await using reached = await context.reach('any')
  const { pushed, services, site } = await firstState(reached.connection)
  if (service !== undefined && !services[service]) {
    throw new ConsoleError(
      'service-unknown',
      `There is no service ${service} in this site.`,
      `Its services are ${Object.keys(services).sort().join(', ') || 'none'}.`,
      { params: { service } },
    )
  }
  const list = Object.values(pushed).filter(({ id }) => service === undefined || id === service)
  show(context, { pushed: list }, figuresText(list, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

export function figuresText(list: readonly PushedView[], zone: string): string {
  if (list.length === 0) return 'No service has pushed anything since it was started (push: http or mqtt in site.yaml).'
  const words = list.map(({ id, health, sentence, at }) => {
    const says = [health, sentence].filter((part) => part !== null).join(': ') || 'nothing of its health'
    return `${id} says ${says} (${moment(at, zone)})`
  })
  const rows = list.flatMap(({ id, figures: own }) =>
    own.map(({ name, value, at }) => [id, name, String(Number(value.toPrecision(6))), moment(at, zone)]),
  )
  if (rows.length === 0) return words.join('\n')
  return [...words, table(['SERVICE', 'FIGURE', 'VALUE', 'AT'], rows, ['VALUE'])].join('\n')
}
