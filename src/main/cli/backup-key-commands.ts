import type { Command } from 'commander'
import { addKey, changeKey, keys, kit, proveKit, removeKey, unlock } from './commands/backup-keys.ts'
import type { SecretOptions } from './commands/backup-secret.ts'
import type { ConsentOptions } from './commands/consent.ts'
import { consent, withConsent } from './consent-options.ts'
import type { Run } from './program.ts'

/** `--key-file`, as every command that may have to unlock the backups takes it. */
export function withKeyFile(command: Command): Command {
  return command.option(
    '--key-file <file>',
    'where the backups are locked: a file with the passphrase, or that of the recovery kit; - for what is piped in',
  )
}

/** `wheelhouse backups unlock|keys|kit|prove-kit`. */
export function addBackupKeyCommands(program: Command, run: Run): void {
  const backups =
    program.commands.find((each) => each.name() === 'backups') ??
    program.command('backups').description('the snapshots of the site: looked into, rehearsed, their keys')
  withKeyFile(backups.command('unlock').description('open encrypted backups until the console ends')).action(
    (values: SecretOptions, command: Command) => run(command, (context) => unlock(context, values)),
  )
  const group = backups
    .command('keys')
    .description('the passphrases that open encrypted backups')
    .action((_values: object, command: Command) => run(command, keys))
  withNewFile(withKeyFile(group.command('add').description('one more passphrase, asked for twice')))
    .option('--label <text>', 'what to call it; anybody who has the folder can read this', '')
    .action((values: { readonly label: string; readonly newFile?: string } & SecretOptions, command: Command) =>
      run(command, (context) => addKey(context, values)),
    )
  withNewFile(
    withKeyFile(group.command('change [key]').description('a new passphrase in the place of the one that is in use')),
  ).action((key: string | undefined, values: { readonly newFile?: string } & SecretOptions, command: Command) =>
    run(command, (context) => changeKey(context, key ?? null, values)),
  )
  withConsent(group.command('remove <key>').description('its passphrase opens the backups no more')).action(
    (key: string, values: Partial<ConsentOptions>, command: Command) =>
      run(command, (context) => removeKey(context, key, consent(values))),
  )
  withConsent(withKeyFile(backups.command('kit').description('write the recovery kit, a page to print, to a file')))
    .requiredOption('--out <file>', 'where to')
    .option('--force', 'replace the file')
    .action(
      (
        values: { readonly out: string; readonly force?: boolean } & Partial<ConsentOptions> & SecretOptions,
        command: Command,
      ) =>
        run(command, (context) =>
          kit(context, { ...values, ...consent(values), out: values.out, force: values.force ?? false }),
        ),
    )
  backups
    .command('prove-kit')
    .description('type the recovery kit back: decrypts the newest snapshot with nothing but that')
    .option('--key-file <file>', 'the file of the kit; - for what is piped in')
    .action((values: SecretOptions, command: Command) => run(command, (context) => proveKit(context, values)))
}

function withNewFile(command: Command): Command {
  return command.option('--new-file <file>', 'a file that holds the new passphrase; - for what is piped in')
}
