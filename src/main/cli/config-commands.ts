import { type Command, InvalidArgumentError, Option } from 'commander'
import { applyConfig } from './commands/apply-config.ts'
import { checkConfig } from './commands/check-config.ts'
import { compareConfig, configHistory, restoreConfig, setConfig, unsetConfig } from './commands/config-versions.ts'
import type { ConsentOptions } from './commands/consent.ts'
import { type ExportConfigOptions, exportConfig, writeSchema } from './commands/export-config.ts'
import { type ShowConfigOptions, showConfig } from './commands/show-config.ts'
import { consent, withConsent } from './consent-options.ts'
import type { CommonValues, ProgramOptions, Run } from './program.ts'

/** `wheelhouse config check|show|apply|set|unset|export|schema|history|compare|restore`. */
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
    .option(
      '--source <source>',
      'only those from one source: override, environment, profile, include, default, or its name',
    )
    .action((path: string | undefined, values: ShowConfigOptions, command: Command) =>
      run(command, (context) => showConfig(context, path, values)),
    )
  withConsent(
    config
      .command('apply')
      .description(
        'put to use what lies on disk: shows what differs and what it touches, asks, restarts what has to be',
      ),
  ).action((values: Partial<ConsentOptions>, command: Command) =>
    run(command, (context) => applyConfig(context, consent(values))),
  )
  config
    .command('set <path> <value>')
    .description('set a value over what the files say, such as services.api.env.LOG debug')
    .action((path: string, value: string, _values: object, command: Command) =>
      run(command, (context) => setConfig(context, path, value)),
    )
  config
    .command('unset <path>')
    .description('take back what was set at a path and below it')
    .action((path: string, _values: object, command: Command) => run(command, (context) => unsetConfig(context, path)))
  config
    .command('history')
    .description('the versions that were in use, newest first; * is the one in use')
    .action((_values: object, command: Command) => run(command, configHistory))
  config
    .command('compare <from> [to]')
    .description('what differs between two versions, or between one and what is in use')
    .action((from: string, to: string | undefined, _values: object, command: Command) =>
      run(command, (context) => compareConfig(context, version(from), to === undefined ? null : version(to))),
    )
  config
    .command('export')
    .description('what is in use as one document, without secrets')
    .addOption(
      new Option('--format <format>', 'how it is written').choices(['yaml', 'json', 'ini', 'env']).default('yaml'),
    )
    .option('--to <file>', 'into a new file instead of the terminal')
    .action((values: ExportConfigOptions, command: Command) => run(command, (context) => exportConfig(context, values)))
  config
    .command('schema')
    .description('the JSON Schema of site.yaml, for editors; opens nothing')
    .option('--to <file>', 'into a new file instead of the terminal')
    .action((values: { readonly to?: string }, command: Command) =>
      run(command, (context) => writeSchema(context, values.to ?? null)),
    )
  withConsent(
    config
      .command('restore [version]')
      .description('write the files of a version as they were, and use them; without one the last good version'),
  ).action((wanted: string | undefined, values: Partial<ConsentOptions>, command: Command) =>
    run(command, (context) => restoreConfig(context, wanted === undefined ? null : version(wanted), consent(values))),
  )
}

function version(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError(`“${text}” is no version. \`wheelhouse config history\` lists them by number.`)
}
