import type { Command } from 'commander'
import { withKeyFile } from './backup-key-commands.ts'
import { type SecretOptions, unlocking } from './commands/backup-secret.ts'
import { exportSnapshot, importArchive } from './commands/snapshot-copies.ts'
import { cat, changes, list } from './commands/snapshot-files.ts'
import type { Run } from './program.ts'

/** `wheelhouse backups ls|diff|cat|export|import`: looking into snapshots, and copies of them elsewhere. */
export function addSnapshotFileCommands(program: Command, runPlain: Run): void {
  // Encrypted backups whose passphrase is not at hand are unlocked on the way.
  const run: Run = (command, action) =>
    runPlain(command, (context) => action(unlocking(context, command.opts<SecretOptions>())))
  const backups =
    program.commands.find((command) => command.name() === 'backups') ??
    program.command('backups').description('the snapshots of the site: looked into, rehearsed, their keys')
  withKeyFile(backups.command('ls <snapshot> [path]'))
    .description('what a folder of a snapshot holds')
    .action((snapshot: string, path: string | undefined, _values: object, command: Command) =>
      run(command, (context) => list(context, snapshot, path ?? '')),
    )
  withKeyFile(backups.command('diff <snapshot> [other] [path]'))
    .description('what became of a folder since a snapshot: until "now", or until another snapshot')
    .option('--all', 'every file below it, not only a line for each folder')
    .action(
      (
        snapshot: string,
        other: string | undefined,
        path: string | undefined,
        values: { readonly all?: boolean },
        command: Command,
      ) => run(command, (context) => changes(context, snapshot, other ?? 'now', path ?? '', values.all ?? false)),
    )
  withKeyFile(backups.command('export <snapshot> [file] [paths...]'))
    .description('write a snapshot, or paths of it, as a .tar.gz file; without a name beside the last export')
    .option('--force', 'replace a file of this name')
    .action(
      (
        snapshot: string,
        file: string | undefined,
        paths: string[],
        values: { readonly force?: boolean },
        command: Command,
      ) => run(command, (context) => exportSnapshot(context, snapshot, file ?? null, paths, values.force ?? false)),
    )
  withKeyFile(backups.command('import <file>'))
    .description('make a snapshot of a .tar.gz file, or unpack it into an empty folder')
    .option('--note <text>', 'a note for whoever restores it', '')
    .option('--into <folder>', 'unpack it there; no snapshot is made')
    .action((file: string, values: { readonly note: string; readonly into?: string }, command: Command) =>
      run(command, (context) => importArchive(context, file, values)),
    )
  withKeyFile(backups.command('cat <snapshot> <path>'))
    .description('the content of a file in a snapshot')
    .action((snapshot: string, path: string, _values: object, command: Command) =>
      run(command, (context) => cat(context, snapshot, path)),
    )
}
