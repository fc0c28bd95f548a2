import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { counted, table } from '../words.ts'
import { agreed, type ConsentOptions } from './consent.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse trust`: shows what a foreign site would run, and on a yes trusts exactly that and starts the site. */
export async function trust(context: CommandContext, options: ConsentOptions): Promise<number> {
  await using reached = await context.reach('host')
  const { site } = await firstState(reached.connection)
  if (!site.site) throw new ConsoleError('no-site', 'No site is open.', 'Open a site first: your own, or the sample.')
  const { name, trust: asked } = site.site
  if (!asked) {
    show(context, { trusted: true }, `${name} is trusted already.`)
    return exitCodes.done
  }
  const sentence = `${name} came from elsewhere and would run ${counted(asked.commands.length, 'command')}.`
  const commands = table(
    ['FOR', 'WHAT', 'IN'],
    asked.commands.map(({ of, command, cwd }) => [of, command, cwd]),
  )
  const intent = { sentence, text: `${sentence}\n${commands}`, document: { trust: asked } }
  if (!(await agreed(context, intent, options))) return options.plan ? exitCodes.done : exitCodes.refused
  await reached.connection.calls.site.trust({ fingerprint: asked.fingerprint })
  show(context, { trusted: true }, `${name} is trusted, and its services are being started.`)
  return exitCodes.done
}
