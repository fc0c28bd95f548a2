import type { Command } from 'commander'
import { signalNameSchema } from '#shared/contract/processes.ts'
import { logs } from './commands/logs.ts'
import { processes, signalService } from './commands/processes.ts'
import { handOver, unit } from './commands/unit.ts'
import { oneOf, wholeNumber } from './option-values.ts'
import type { Run } from './program.ts'

interface LogsValues {
  readonly search?: string
  readonly regex?: boolean
  readonly stream?: 'out' | 'err'
  readonly from?: string
  readonly to?: string
  readonly limit: number
  readonly after?: string
}

const handOvers = [
  ['adopt', 'take a service over from its unit of systemd: stops and disables the unit, goes back by itself'],
  ['release', 'give a service back to its unit of systemd, which gets back the state that it had'],
] as const

/** What services consist of, signals to them, and their logs. */
export function addProcessCommands(program: Command, run: Run): void {
  program
    .command('processes [service]')
    .description('processes, listening ports, open files and limits, of one service or of all that run')
    .action((service: string | undefined, _values: object, command: Command) =>
      run(command, (context) => processes(context, service)),
    )
  program
    .command('signal <service> <signal>')
    .description(`send a signal that the service has code for: ${signalNameSchema.options.join(', ')}`)
    .action((service: string, signal: string, _values: object, command: Command) => {
      const name = signal.toUpperCase().replace(/^(?!SIG)/, 'SIG')
      const found = signalNameSchema.options.find((each) => each === name)
      if (!found) command.error(`error: the signal is one of ${signalNameSchema.options.join(', ')}`)
      else return run(command, (context) => signalService(context, service, found))
    })
  program
    .command('unit <service>')
    .description('how systemd runs a service, and what letting the console run it does; changes nothing')
    .action((service: string, _values: object, command: Command) => run(command, (context) => unit(context, service)))
  for (const [verb, what] of handOvers) {
    program
      .command(`${verb} <service>`)
      .description(what)
      .option('--plan', 'show what it would do and leave it at that')
      .option('--yes', 'do it without asking')
      .action((service: string, values: { plan?: boolean; yes?: boolean }, command: Command) => {
        const { plan = false, yes = false } = values
        return run(command, (context) => handOver(context, verb, service, { plan, yes }))
      })
  }
  program
    .command('logs <service>')
    .description('the last lines that a service wrote, or those that hold a text, through all its log files')
    .option('--search <text>', 'only lines that hold this text, in capitals or not')
    .option('--regex', 'the text is a regular expression')
    .option('--stream <name>', 'only of stdout (out) or stderr (err)', oneOf(['out', 'err'] as const))
    .option('--from <time>', "only from this time on: 2026-01-05T08:30:00Z, or 2026-01-05 16:30 in the site's zone")
    .option('--to <time>', 'only up to this time')
    .option('--limit <count>', 'at most so many, the newest', wholeNumber(1, 1_000), 100)
    .option('--after <place>', 'go on after an earlier search, from the place that it told')
    .action((service: string, values: LogsValues, command: Command) => {
      const { search, regex = false, stream, from, to, limit, after } = values
      if (search === undefined && (regex || from !== undefined || to !== undefined || after !== undefined))
        command.error('error: --regex, --from, --to and --after belong to --search')
      return run(command, (context) => logs(context, service, { search, regex, stream, from, to, limit, after }))
    })
}
