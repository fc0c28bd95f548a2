import type { Command } from 'commander'
import { addBackupKeyCommands, withKeyFile } from './backup-key-commands.ts'
import { type SecretOptions, unlocking } from './commands/backup-secret.ts'
import { backup, restore, snapshots, undo, verify } from './commands/backups.ts'
import type { ConsentOptions } from './commands/consent.ts'
import { restoreInto } from './commands/snapshot-copies.ts'
import { consent, withConsent } from './consent-options.ts'
import type { Run } from './program.ts'

/** `wheelhouse backup|snapshots|verify|restore|undo`. */
export function addBackupCommands(program: Command, runPlain: Run): void {
  // Encrypted backups whose passphrase is not at hand are unlocked on the way.
  const run: Run = (command, action) =>
    runPlain(command, (context) => action(unlocking(context, command.opts<SecretOptions>())))
  addBackupKeyCommands(program, runPlain)
  withKeyFile(program.command('backup'))
    .description('take a snapshot of the site')
    .option('--data', 'configuration and data only')
    .option('--note <text>', 'a note for whoever restores it', '')
    .action((values: { readonly data?: boolean; readonly note: string }, command: Command) =>
      run(command, (context) => backup(context, { data: values.data ?? false, note: values.note })),
    )
  withKeyFile(program.command('snapshots'))
    .description('the snapshots of the site, newest first')
    .action((_values: object, command: Command) => run(command, snapshots))
  withKeyFile(program.command('verify <snapshot>'))
    .description('read everything in a snapshot back, and open its databases')
    .action((snapshot: string, _values: object, command: Command) =>
      run(command, (context) => verify(context, snapshot)),
    )
  withConsent(
    withKeyFile(program.command('restore [snapshot] [paths...]')).description(
      'put the site back to a snapshot, or only files, folders and databases of it; the newest good one when none is named, or as "latest"',
    ),
  )
    .option('--into <folder>', 'write it into an empty folder instead; the site is not touched')
    .action(
      (
        snapshot: string | undefined,
        paths: string[],
        values: Partial<ConsentOptions> & { readonly into?: string },
        command: Command,
      ) => {
        const chosen = snapshot === 'latest' ? null : (snapshot ?? null)
        const { into } = values
        return run(command, (context) =>
          into === undefined
            ? restore(context, chosen, paths, consent(values))
            : restoreInto(context, chosen, paths, into),
        )
      },
    )
  withConsent(withKeyFile(program.command('undo')).description('go back to before the last restore or undo')).action(
    (values: Partial<ConsentOptions>, command: Command) => run(command, (context) => undo(context, consent(values))),
  )
}
