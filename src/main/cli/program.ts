import { Command } from 'commander'
import { attemptResultSchema } from '#shared/contract/recovery.ts'
import type { EventFilter } from '#shared/event-filter.ts'
import { type Severity, severities } from '#shared/vocabulary.ts'
import { addHostOptions, type HeadlessValues } from '../headless/options.ts'
import { backup, restore, snapshots, undo, verify } from './commands/backups.ts'
import { check } from './commands/check.ts'
import { checkConfig } from './commands/check-config.ts'
import type { ConsentOptions } from './commands/consent.ts'
import type { CommandContext } from './commands/context.ts'
import { checkDatabase, copyDatabase, databaseStatus, recoverDatabase } from './commands/databases.ts'
import { drillHistory, drillList, drillRun } from './commands/drills.ts'
import { events } from './commands/events.ts'
import { figures } from './commands/figures.ts'
import { maintenanceOff, maintenanceOn, maintenanceStatus } from './commands/maintenance.ts'
import { type HistoryOptions, recoveryHistory, recoveryList, recoveryRun, recoverySwitch } from './commands/recovery.ts'
import { actOnAll, actOnService, emergencyStop } from './commands/services.ts'
import { status } from './commands/status.ts'
import { storeCheck, storeCopy, storeRecover, storeStatus } from './commands/store.ts'
import { trust } from './commands/trust.ts'
import { why } from './commands/why.ts'
import { addDependencyCommands } from './dependency-commands.ts'
import { oneOf, wholeNumber } from './option-values.ts'
import { addProcessCommands } from './process-commands.ts'
import type { Terminal } from './terminal.ts'

/** Options that every command has. */
export interface CommonValues {
  readonly site?: string
  readonly json?: boolean
}

export interface ProgramOptions {
  readonly version: string
  readonly terminal: Pick<Terminal, 'out' | 'err'>
  /** What a command works with, for the options that it was called with. */
  context(values: CommonValues): CommandContext
  /** Folder of the site that a command is for, where no site needs to be opened. */
  siteFolder(values: CommonValues): Promise<string>
  runHost(values: HeadlessValues): Promise<number>
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
      'why something is as it is: a service, site, store, backups, machine, broker, route:ID, job:ID, event:ID …',
    )
    .action((subject: string, _values: object, command: Command) => run(command, (context) => why(context, subject)))
  withConsent(
    program.command('trust').description('see what a site from elsewhere would run, trust it, and start it'),
  ).action((values: Partial<ConsentOptions>, command: Command) =>
    run(command, (context) => trust(context, consent(values))),
  )
  addServiceCommands(program, options, run)
  addProcessCommands(program, run)
  addBackupCommands(program, run)
  addStoreCommands(program, run)
  addDatabaseCommands(program, run)
  addDependencyCommands(program, run)
  addMaintenanceCommands(program, run)
  addDrillCommands(program, run)
  addRecoveryCommands(program, run)
  program
    .command('events')
    .description('what happened, oldest first')
    .option('--limit <count>', 'at most so many, the newest', wholeNumber(1, 1_000), 50)
    .option('--subject <subject>', 'only of this: service:api, route:desk-presence, site')
    .option('--kind <prefix>', 'only kinds that begin so: service., backup.completed')
    .option('--text <words>', 'only those in which all these words begin one: "broker refused", service:api, 100%')
    .option('--operation <id>', 'only what belongs to this: the id of a job, jb-…')
    .option('--at-least <severity>', `only from this severity up: ${severities.join(', ')}`, oneOf(severities))
    .option('--since-seq <seq>', 'only events after this number', wholeNumber(0, Number.MAX_SAFE_INTEGER - 1))
    .option('--from-seq <seq>', 'only events from this number on', wholeNumber(0, Number.MAX_SAFE_INTEGER - 1))
    .option('--to-seq <seq>', 'only events up to this number', wholeNumber(0, Number.MAX_SAFE_INTEGER - 1))
    .option('--from <time>', "only from this time on: 2026-01-05T08:30:00Z, or 2026-01-05 16:30 in the site's zone")
    .option('--to <time>', 'only up to this time')
    .option('--follow', 'go on with what happens, until Ctrl-C; with --json one document a line')
    .option('--export <file>', 'write all of them to a file as JSON Lines instead')
    .option('--force', 'replace the file if it exists')
    .action(async (values: EventsValues, command: Command) => {
      const { export: exportTo, follow = false, force = false } = values
      if (follow && (exportTo !== undefined || values.to !== undefined || values.toSeq !== undefined))
        command.error('error: --follow has no end: it goes with neither --export nor --to nor --to-seq')
      if (force && exportTo === undefined) command.error('error: --force belongs to --export')
      if (exportTo !== undefined && command.getOptionValueSource('limit') === 'cli')
        command.error('error: --export writes all of them: narrow it by numbers or times instead of --limit')
      await run(command, (context) =>
        events(context, {
          limit: values.limit,
          filter: eventFilter(values),
          fromSeq: Math.max(values.fromSeq ?? 0, (values.sinceSeq ?? -1) + 1),
          toSeq: values.toSeq ?? Number.MAX_SAFE_INTEGER - 1,
          from: values.from,
          to: values.to,
          follow,
          exportTo,
          force,
        }),
      )
    })
  program
    .command('figures [service]')
    .description('what services push of themselves: their own word on their health, and their figures')
    .action((service: string | undefined, _values: object, command: Command) =>
      run(command, (context) => figures(context, service)),
    )
  program
    .command('check')
    .description(
      'check the whole site now: variables, files, templates, databases, APIs, routes and what site.yaml adds',
    )
    .action((_values: object, command: Command) => run(command, check))
  program
    .command('config')
    .description('site.yaml')
    .command('check')
    .description('check site.yaml; opens nothing')
    .action((_values: object, command: Command) =>
      run(command, async (context) =>
        checkConfig(context, await options.siteFolder(command.optsWithGlobals<CommonValues>())),
      ),
    )
  return program
}

/** Runs a command's action and takes its exit code. */
export type Run = (command: Command, action: (context: CommandContext) => Promise<number>) => Promise<void>

interface EventsValues {
  readonly limit: number
  readonly subject?: string
  readonly kind?: string
  readonly text?: string
  readonly operation?: string
  readonly atLeast?: Severity
  readonly sinceSeq?: number
  readonly fromSeq?: number
  readonly toSeq?: number
  readonly from?: string
  readonly to?: string
  readonly follow?: boolean
  readonly export?: string
  readonly force?: boolean
}

function eventFilter({ subject, kind, text, operation, atLeast }: EventsValues): EventFilter {
  return {
    ...(subject !== undefined && { subject }),
    ...(kind !== undefined && { kind }),
    ...(text !== undefined && { text }),
    ...(operation !== undefined && { operation }),
    ...(atLeast !== undefined && { atLeast }),
  }
}

interface StartValues extends HeadlessValues {
  readonly all?: boolean
  readonly headless?: boolean
}

function addServiceCommands(program: Command, options: ProgramOptions, run: Run): void {
  const start = program
    .command('start [service]')
    .description('start a service with what it needs, all of them (--all), or the console itself (--headless)')
    .option('--all', 'every service that is switched on')
    .option('--headless', 'run the console without a window; prints the address of its page')
  addHostOptions(start).action(async (service: string | undefined, values: StartValues, command: Command) => {
    const asked = [service !== undefined, values.all ?? false, values.headless ?? false].filter(Boolean).length
    if (asked !== 1) command.error('error: name one service, or --all of them, or --headless for the console itself')
    const strayed = ['port', 'host', 'start', 'onExit'].some((name) => command.getOptionValueSource(name) === 'cli')
    if (strayed && !values.headless)
      command.error('error: --port, --host, --no-start and --on-exit belong to --headless')
    if (values.headless) options.done(await options.runHost(command.optsWithGlobals<HeadlessValues>()))
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

function addBackupCommands(program: Command, run: Run): void {
  program
    .command('backup')
    .description('take a snapshot of the site')
    .option('--data', 'configuration and data only')
    .option('--note <text>', 'a note for whoever restores it', '')
    .action((values: { readonly data?: boolean; readonly note: string }, command: Command) =>
      run(command, (context) => backup(context, { data: values.data ?? false, note: values.note })),
    )
  program
    .command('snapshots')
    .description('the snapshots of the site, newest first')
    .action((_values: object, command: Command) => run(command, snapshots))
  program
    .command('verify <snapshot>')
    .description('read everything in a snapshot back, and open its databases')
    .action((snapshot: string, _values: object, command: Command) =>
      run(command, (context) => verify(context, snapshot)),
    )
  withConsent(
    program
      .command('restore [snapshot]')
      .description('put the site back to a snapshot; the newest good one when none is named'),
  ).action((snapshot: string | undefined, values: Partial<ConsentOptions>, command: Command) =>
    run(command, (context) => restore(context, snapshot ?? null, consent(values))),
  )
  withConsent(program.command('undo').description('go back to before the last restore or undo')).action(
    (values: Partial<ConsentOptions>, command: Command) => run(command, (context) => undo(context, consent(values))),
  )
}

function addStoreCommands(program: Command, run: Run): void {
  const store = program
    .command('store')
    .description("the console's own databases: state, copies, checks, what was set aside")
    .action((_values: object, command: Command) => run(command, storeStatus))
  store
    .command('status')
    .description('the same')
    .action((_values: object, command: Command) => run(command, storeStatus))
  store
    .command('check [database]')
    .description('look for damage in control or messages, or in both; a damaged one is recovered')
    .option('--full', 'indexes and foreign keys too, not the structure alone')
    .action((name: string | undefined, values: { readonly full?: boolean }, command: Command) =>
      run(command, (context) => storeCheck(context, databaseNamed(command, name), values.full ?? false)),
    )
  store
    .command('copy [database]')
    .description('take a copy of control or messages, or of both, opened and checked')
    .action((name: string | undefined, _values: object, command: Command) =>
      run(command, (context) => storeCopy(context, databaseNamed(command, name))),
    )
  withConsent(
    store.command('recover <database>').description('put a good database in the place of a damaged one'),
  ).action((name: string, values: Partial<ConsentOptions>, command: Command) =>
    run(command, (context) => storeRecover(context, databaseNamed(command, name) ?? 'control', consent(values))),
  )
}

function databaseNamed(command: Command, name: string | undefined): 'control' | 'messages' | null {
  if (name === undefined || name === 'control' || name === 'messages') return name ?? null
  return command.error(`error: there is no database "${name}"; the console has control and messages`)
}

function addDatabaseCommands(program: Command, run: Run): void {
  const database = program.command('database').description('the databases that the site uses')
  database
    .command('status', { isDefault: true })
    .description('how they are: pool, statements, size, last check, newest copy')
    .action((_values: object, command: Command) => run(command, databaseStatus))
  database
    .command('check <service>')
    .description('read all of a database for damage')
    .action((service: string, _values: object, command: Command) =>
      run(command, (context) => checkDatabase(context, service)),
    )
  database
    .command('copy <service>')
    .description('take a checked copy of a SQLite database now')
    .action((service: string, _values: object, command: Command) =>
      run(command, (context) => copyDatabase(context, service)),
    )
  withConsent(
    database
      .command('recover <service>')
      .description('set a damaged SQLite database aside and put its newest good copy in its place'),
  ).action((service: string, values: Partial<ConsentOptions>, command: Command) =>
    run(command, (context) => recoverDatabase(context, service, consent(values))),
  )
}

function addRecoveryCommands(program: Command, run: Run): void {
  const recovery = program.command('recovery').description('what the console does by itself about trouble')
  recovery
    .command('list', { isDefault: true })
    .description('the policies: what each waits for, is doing, and did last')
    .action((_values: object, command: Command) => run(command, recoveryList))
  recovery
    .command('history')
    .description('what was done, oldest first')
    .option('--policy <policy>', 'only of this policy')
    .option('--on <subject>', 'only on this: api, site, machine')
    .option('--result <result>', `only these: ${results.join(', ')}`, oneOf(results))
    .option('--limit <count>', 'at most so many, the newest', wholeNumber(1, 500), 50)
    .action((values: HistoryOptions, command: Command) => run(command, (context) => recoveryHistory(context, values)))
  withConsent(
    recovery
      .command('run <policy>')
      .description('show the next step of a policy, and do it now')
      .option('--on <subject>', 'on this: api, site, machine'),
  ).action((policy: string, values: Partial<ConsentOptions> & { readonly on?: string }, command: Command) =>
    run(command, (context) => recoveryRun(context, policy, values.on, consent(values))),
  )
  for (const on of [false, true]) {
    recovery
      .command(`${on ? 'on' : 'off'} <policy>`)
      .description(on ? 'switch it on again' : 'switch a policy off for as long as the console runs')
      .action((policy: string, _values: object, command: Command) =>
        run(command, (context) => recoverySwitch(context, policy, on)),
      )
  }
}

const results = attemptResultSchema.options

function addMaintenanceCommands(program: Command, run: Run): void {
  const maintenance = program
    .command('maintenance')
    .description('while it is on nothing is started again or recovered by itself, and cards are kept')
  maintenance
    .command('status', { isDefault: true })
    .description('whether it is on, until when, and what it has held back')
    .action((_values: object, command: Command) => run(command, maintenanceStatus))
  maintenance
    .command('on')
    .description('switch it on for a time, or give it another end while it is on')
    .requiredOption('--for <duration>', 'how long from now: 30m, 2h, 1d')
    .option('--reason <text>', 'what is being done, for whoever comes by', '')
    .action((values: { readonly for: string; readonly reason: string }, command: Command) =>
      run(command, (context) => maintenanceOn(context, { length: values.for, reason: values.reason })),
    )
  maintenance
    .command('off')
    .description('end it now; what it held back is done and told')
    .action((_values: object, command: Command) => run(command, maintenanceOff))
}

function addDrillCommands(program: Command, run: Run): void {
  const drill = program.command('drill').description('failures on purpose, measured: is it noticed, does it come back')
  drill
    .command('list', { isDefault: true })
    .description('the drills of the site, with what came of the last of each')
    .action((_values: object, command: Command) => run(command, drillList))
  withConsent(drill.command('run <drill>').description('do one now')).action(
    (name: string, values: Partial<ConsentOptions>, command: Command) =>
      run(command, (context) => drillRun(context, name, consent(values))),
  )
  drill
    .command('history [drill]')
    .description('what was measured, newest first: the last 100')
    .action((name: string | undefined, _values: object, command: Command) =>
      run(command, (context) => drillHistory(context, name)),
    )
}

function withConsent(command: Command): Command {
  return command.option('--yes', 'do it without asking').option('--plan', 'show what it would do, and leave it at that')
}

function consent({ yes = false, plan = false }: Partial<ConsentOptions>): ConsentOptions {
  return { yes, plan }
}
