import type { Command } from 'commander'
import { attemptResultSchema } from '#shared/contract/recovery.ts'
import type { ConsentOptions } from './commands/consent.ts'
import { drillHistory, drillList, drillRun } from './commands/drills.ts'
import { maintenanceOff, maintenanceOn, maintenanceStatus } from './commands/maintenance.ts'
import { type HistoryOptions, recoveryHistory, recoveryList, recoveryRun, recoverySwitch } from './commands/recovery.ts'
import { consent, withConsent } from './consent-options.ts'
import { oneOf, wholeNumber } from './option-values.ts'
import type { Run } from './program.ts'

/** `wheelhouse recovery …`. */
export function addRecoveryCommands(program: Command, run: Run): void {
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

/** `wheelhouse maintenance …`. */
export function addMaintenanceCommands(program: Command, run: Run): void {
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

/** `wheelhouse drill …`. */
export function addDrillCommands(program: Command, run: Run): void {
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
