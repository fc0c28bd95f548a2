import { Command } from 'commander'
import { type LaunchValues, toldMistake } from '../console/launch/index.ts'
import type { NodePlaces } from '../console/node-places.ts'
import { addBackupCommands } from './backup-commands.ts'
import { brokers } from './commands/brokers.ts'
import { check } from './commands/check.ts'
import type { ConsentOptions } from './commands/consent.ts'
import type { CommandContext } from './commands/context.ts'
import { type DevicesOptions, devices } from './commands/devices.ts'
import { figures } from './commands/figures.ts'
import { status } from './commands/status.ts'
import { trust } from './commands/trust.ts'
import { why } from './commands/why.ts'
import { addConfigCommands } from './config-commands.ts'
import { consent, withConsent } from './consent-options.ts'
import { addDatabaseCommands, addStoreCommands } from './database-commands.ts'
import { addDependencyCommands } from './dependency-commands.ts'
import { addDeployCommands } from './deploy-commands.ts'
import { addEventCommands } from './event-commands.ts'
import { addGenerateCommand } from './generate-commands.ts'
import { addKeepingCommands } from './keeping-commands.ts'
import { addMessageCommands } from './message-commands.ts'
import { addProcessCommands } from './process-commands.ts'
import { addRecordingCommands } from './recording-commands.ts'
import { addDrillCommands, addMaintenanceCommands, addRecoveryCommands } from './recovery-commands.ts'
import { addRehearsalCommands } from './rehearsal-commands.ts'
import { addReleaseCommands } from './release-commands.ts'
import { addRouteCommands } from './route-commands.ts'
import { addServiceCommands } from './service-commands.ts'
import { addSnapshotFileCommands } from './snapshot-file-commands.ts'
import { addTargetCommands } from './target-commands.ts'
import type { Terminal } from './terminal.ts'

/** Options that every command has. */
export interface CommonValues {
  readonly site?: string
  readonly json?: boolean
}

export interface ProgramOptions {
  readonly version: string
  readonly terminal: Pick<Terminal, 'out' | 'err'>
  readonly workingDirectory: string
  readonly places: NodePlaces
  /** What a command works with, for the options that it was called with. */
  context(values: CommonValues): CommandContext
  /** Folder of the site that a command is for, where no site needs to be opened. */
  siteFolder(values: CommonValues): Promise<string>
  runHost(values: LaunchValues): Promise<number>
  /** Takes the exit code of the command that ran. */
  done(code: number): void
}

/** The command line as a whole. Parsing runs the command that was named; throws commander's errors for wrong ones. */
export function buildProgram(options: ProgramOptions): Command {
  const { terminal } = options
  const program = new Command('wheelhouse')
    .description('Sees, starts, stops, backs up and restores an on-site system.')
    .version(options.version)
    .option('--site <folder>', 'the site; else the one a running console has open, the current folder, the sample')
    .option('--json', 'print the result as one JSON document')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
      outputError: (text, write) => write(toldMistake(text)),
    })
    .exitOverride()
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrongly called or not possible now.')
  const run = async (command: Command, action: (context: CommandContext) => Promise<number>) =>
    options.done(await action(options.context(command.optsWithGlobals<CommonValues>())))

  program
    .command('status')
    .description('the site, its services, and what needs attention')
    .action((_values: object, command: Command) => run(command, status))
  program
    .command('why <subject>')
    .description(
      'why something is as it is: a service, site, store, backups, rehearsals, machine, broker, route:ID, check:ID, drill:ID, job:ID, event:ID …',
    )
    .action((subject: string, _values: object, command: Command) => run(command, (context) => why(context, subject)))
  withConsent(
    program.command('trust').description('see what a site from elsewhere would run, trust it, and start it'),
  ).action((values: Partial<ConsentOptions>, command: Command) =>
    run(command, (context) => trust(context, consent(values))),
  )
  addServiceCommands(program, options, run)
  addGenerateCommand(program, options, run)
  addMessageCommands(program, run)
  addRouteCommands(program, run)
  addProcessCommands(program, run)
  addBackupCommands(program, run)
  addKeepingCommands(program, run)
  addRehearsalCommands(program, run)
  addDeployCommands(program, run)
  addSnapshotFileCommands(program, run)
  addTargetCommands(program, run)
  addReleaseCommands(program, options, run)
  addStoreCommands(program, run)
  addDatabaseCommands(program, run)
  addDependencyCommands(program, run)
  addMaintenanceCommands(program, run)
  addDrillCommands(program, run)
  addRecoveryCommands(program, run)
  addEventCommands(program, run)
  addRecordingCommands(program, run)
  program
    .command('figures [service]')
    .description('what services push of themselves: their own word on their health, and their figures')
    .action((service: string | undefined, _values: object, command: Command) =>
      run(command, (context) => figures(context, service)),
    )
  program
    .command('broker')
    .description('the brokers that the router is connected to: address, since when, why it was lost last')
    .action((_values: object, command: Command) => run(command, brokers))
  program
    .command('devices [name]')
    .description('the devices that site.yaml describes, those in trouble first; with a name that one')
    .option('--state <state>', 'only those that are online, silent, offline, never or unknown')
    .option('--clients', 'the MQTT clients of the embedded broker instead: address, last heard, last will')
    .option('--forget', 'forget the device of this name, which is no more')
    .action((name: string | undefined, values: DevicesOptions, command: Command) =>
      run(command, (context) => devices(context, name, values)),
    )
  program
    .command('check')
    .description(
      'check the whole site now: variables, files, templates, databases, APIs, routes and what site.yaml adds',
    )
    .action((_values: object, command: Command) => run(command, check))
  addConfigCommands(program, options, run)
  return program
}

/** Runs a command's action and takes its exit code. */
export type Run = (command: Command, action: (context: CommandContext) => Promise<number>) => Promise<void>
