import type { Command } from 'commander'
import { checkConfig } from './commands/check-config.ts'
import { type ShowConfigOptions, showConfig } from './commands/show-config.ts'
import type { CommonValues, ProgramOptions, Run } from './program.ts'

/** `wheelhouse config check|show`. */
export function addConfigCommands(program: Command, options: Pick<ProgramOptions, 'siteFolder'>, run: Run): void {
  const config = program.command('config').description('the configuration: site.yaml and what is laid over it')
  config
    .command('check')
    .description('check site.yaml and the files that it includes; opens nothing')
    .action((_values: object, command: Command) =>
      run(command, async (context) =>
        checkConfig(context, await options.siteFolder(command.optsWithGlobals<CommonValues>())),
      ),
    )
  config
    .command('show [path]')
    .description('every value in use and where it comes from, or those at and below a path such as services.api')
    .option('--written', 'without the defaults that nobody wrote')
    .action((path: string | undefined, values: ShowConfigOptions, command: Command) =>
      run(command, (context) => showConfig(context, path, values)),
    )
}
