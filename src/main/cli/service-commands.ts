import type { Command } from 'commander'
import { addLaunchOptions, hostValues, type LaunchValues } from '../console/launch/index.ts'
import { followStart } from './commands/follow-start.ts'
import { actOnAll, actOnService, emergencyStop } from './commands/services.ts'
import type { ProgramOptions, Run } from './program.ts'

interface StartValues extends LaunchValues {
  readonly all?: boolean
}

/** `wheelhouse start|stop|restart|emergency-stop`. */
export function addServiceCommands(program: Command, options: ProgramOptions, run: Run): void {
  const start = program
    .command('start [service]')
    .description('start a service with what it needs, all of them (--all), or the console itself (--headless)')
    .option('--all', 'every service that is switched on')
    .option('--follow', 'tell each step of the start; alone: of the console that runs')
    .option('--headless', 'run the console without a window; prints the address of its page')
  addLaunchOptions(start).action(async (service: string | undefined, values: StartValues, command: Command) => {
    const asked = [service !== undefined, values.all ?? false, values.headless ?? false].filter(Boolean).length
    if (asked === 0 && values.follow) {
      await run(command, followStart)
      return
    }
    if (asked !== 1) command.error('error: name one service, or --all of them, or --headless for the console itself')
    const strayed = hostValues.some((name) => command.getOptionValueSource(name) === 'cli')
    if (strayed && !values.headless)
      command.error(
        'error: --environment, --only, --without, --port, --host, --no-start and --on-exit say how a console runs: add --headless',
      )
    if (values.headless) options.done(await options.runHost(command.optsWithGlobals<LaunchValues>()))
    else if (service === undefined) await run(command, (context) => actOnAll(context, 'start'))
    else await run(command, (context) => actOnService(context, 'start', service))
  })
  program
    .command('stop [service]')
    .description('stop a service and those that need it, or all of them (--all)')
    .option('--all', 'every service')
    .action(async (service: string | undefined, values: { readonly all?: boolean }, command: Command) => {
      if ((service !== undefined) === (values.all ?? false)) command.error('error: name one service, or --all of them')
      if (service === undefined) await run(command, (context) => actOnAll(context, 'stop'))
      else await run(command, (context) => actOnService(context, 'stop', service))
    })
  program
    .command('restart <service>')
    .description('restart a service')
    .action((service: string, _values: object, command: Command) =>
      run(command, (context) => actOnService(context, 'restart', service)),
    )
  program
    .command('emergency-stop')
    .description('kill every service at once, in no order')
    .action((_values: object, command: Command) => run(command, emergencyStop))
}
