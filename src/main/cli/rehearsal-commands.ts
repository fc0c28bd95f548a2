import type { Command } from 'commander'
import { rehearsals, rehearse } from './commands/rehearsals.ts'
import type { Run } from './program.ts'

/** `wheelhouse backups rehearse|rehearsals`. */
export function addRehearsalCommands(program: Command, run: Run): void {
  const backups =
    program.commands.find((command) => command.name() === 'backups') ??
    program.command('backups').description('the snapshots of the site: looked into, rehearsed, their keys')
  backups
    .command('rehearse [snapshot]')
    .description('restore a snapshot into a sandbox, start it there, measure how long that takes; the newest good one')
    .option('--keep', 'leave the restored files there until the next rehearsal')
    .action((snapshot: string | undefined, values: { readonly keep?: boolean }, command: Command) =>
      run(command, (context) => rehearse(context, snapshot ?? null, { keep: values.keep ?? false })),
    )
  backups
    .command('rehearsals')
    .description('how far the backups are proven, and the rehearsals that were made, newest first')
    .action((_values: object, command: Command) => run(command, rehearsals))
}
