import type { Command } from 'commander'
import { copyBackups, listTargets, useCopy } from './commands/targets.ts'
import type { Run } from './program.ts'

/** `wheelhouse backups targets|copy|use`. */
export function addTargetCommands(program: Command, run: Run): void {
  const backups =
    program.commands.find((command) => command.name() === 'backups') ??
    program.command('backups').description('more about the backups: where they are kept')
  backups
    .command('targets')
    .description('where the snapshots are kept: the main target and the copies, and how far each is')
    .action((_values: object, command: Command) => run(command, listTargets))
  backups
    .command('copy [id]')
    .description('bring a copy of the backups up to date; all copies when none is named')
    .action((id: string | undefined, _values: object, command: Command) =>
      run(command, (context) => copyBackups(context, id ?? null)),
    )
  backups
    .command('use [id]')
    .description('show and restore the snapshots of a copy from now on; of the main target again when none is named')
    .action((id: string | undefined, _values: object, command: Command) =>
      run(command, (context) => useCopy(context, id ?? null)),
    )
}
