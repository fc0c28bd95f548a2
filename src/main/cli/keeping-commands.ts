import { type Command, InvalidArgumentError } from 'commander'
import type { KeepRules } from '#shared/contract/keeping-views.ts'
import type { ConsentOptions } from './commands/consent.ts'
import {
  acceptShrink,
  deleteSnapshot,
  leftOut,
  pin,
  prune,
  type RetentionOptions,
  retention,
  schedule,
} from './commands/keeping.ts'
import { consent, withConsent } from './consent-options.ts'
import type { Run } from './program.ts'

/** `wheelhouse backups schedule|retention|prune|delete|pin|unpin|excluded`. */
export function addKeepingCommands(program: Command, run: Run): void {
  const backups = backupsCommand(program)
  backups
    .command('schedule')
    .description('when snapshots are taken, what may keep them from it, and how the repository grows')
    .action((_values: object, command: Command) => run(command, schedule))
  withConsent(
    backups
      .command('retention')
      .description('which snapshots are kept and why, and which would go; shows it unless told to apply or save')
      .option('--preview', 'only show (the same as without an option)')
      .option('--keep <rules>', 'other rules, such as last=10,daily=7,weekly=4', keepRules)
      .option('--save', 'write the rules of --keep into site.yaml; nothing is removed yet')
      .option('--apply', 'remove now what the rules in use do not keep'),
  ).action((values: RetentionOptions & Partial<ConsentOptions>, command: Command) =>
    run(command, (context) => retention(context, values, consent(values))),
  )
  backups
    .command('prune')
    .description('free what no snapshot needs')
    .option('--dry-run', 'say what it would free, and change nothing')
    .action((values: { readonly dryRun?: boolean }, command: Command) =>
      run(command, (context) => prune(context, values.dryRun ?? false)),
    )
  withConsent(backups.command('delete <snapshot>').description('delete one snapshot, which cannot be undone')).action(
    (snapshot: string, values: Partial<ConsentOptions>, command: Command) =>
      run(command, (context) => deleteSnapshot(context, snapshot, consent(values))),
  )
  for (const verb of ['pin', 'unpin'] as const) {
    backups
      .command(`${verb} <snapshot>`)
      .description(verb === 'pin' ? 'keep a snapshot whatever the rules say' : 'let the rules of keeping apply again')
      .action((snapshot: string, _values: object, command: Command) =>
        run(command, (context) => pin(context, snapshot, verb === 'pin')),
      )
  }
  backups
    .command('accept-shrink <snapshot>')
    .description('say that the site is rightly smaller since this snapshot')
    .action((snapshot: string, _values: object, command: Command) =>
      run(command, (context) => acceptShrink(context, snapshot)),
    )
  backups
    .command('excluded')
    .description('what backups leave out, by which rule, and how large it is')
    .option('--data', 'of a backup of configuration and data')
    .action((values: { readonly data?: boolean }, command: Command) =>
      run(command, (context) => leftOut(context, values.data ? 'data' : 'full')),
    )
}

/** The command `backups`, which several parts hang theirs into. */
export function backupsCommand(program: Command): Command {
  const found = program.commands.find((command) => command.name() === 'backups')
  return found ?? program.command('backups').description('the snapshots of the site: kept, pruned, deleted')
}

const periods = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const

/** `last=10,daily=7`; what is not named is 0. */
function keepRules(text: string): KeepRules {
  const rules = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }
  for (const part of text.split(',')) {
    const [, name, count] = /^\s*([a-z]+)\s*=\s*(\d{1,5})\s*$/.exec(part) ?? []
    const period = periods.find((each) => each === name)
    if (!period || Number(count) > 10_000)
      throw new InvalidArgumentError(`“${part.trim()}” is no rule. Write such as last=10,daily=7, each up to 10000.`)
    rules[period] = Number(count)
  }
  return rules
}
