import { access, constants, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { writeDurably } from '#core/platform/index.ts'
import type { BackupKeyView } from '#shared/contract/backup-keys.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { moment, table } from '../words.ts'
import { newPassphrase, readSecret, type SecretOptions, secretNeeded, unlocking } from './backup-secret.ts'
import { agreed, type ConsentOptions } from './consent.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse backups unlock`: opens encrypted backups for as long as the console runs. */
export async function unlock(context: CommandContext, options: SecretOptions): Promise<number> {
  await using reached = await context.reach('host')
  const secret = await readSecret(context.terminal, options, 'Passphrase, or row 1 of the recovery key:')
  if (secret === null) throw secretNeeded()
  const { by } = await reached.connection.calls.backupKeys.unlock({ secret })
  const what = by === 'kit' ? 'the recovery kit' : 'the passphrase'
  show(context, { by }, `The backups are unlocked with ${what} until this console ends.`)
  return exitCodes.done
}

/** `wheelhouse backups keys`: the passphrases that open the backups, without the passphrases. */
export async function keys(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const listed = await reached.connection.calls.backupKeys.list()
  const { site } = await firstState(reached.connection)
  show(context, listed, keysText(listed.keys, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** `wheelhouse backups keys add`: one more passphrase. */
export async function addKey(
  context: CommandContext,
  options: { readonly label: string; readonly newFile?: string } & SecretOptions,
): Promise<number> {
  await using reached = await unlocking(context, options).reach('any')
  const passphrase = await newPassphrase(context.terminal, newOf(options))
  const { key } = await reached.connection.calls.backupKeys.add({ passphrase, label: options.label })
  show(context, { key }, `The backups are opened by one more passphrase now: ${key}.`)
  return exitCodes.done
}

/** `wheelhouse backups keys change [KEY]`: a new passphrase in the place of one. */
export async function changeKey(
  context: CommandContext,
  key: string | null,
  options: { readonly newFile?: string } & SecretOptions,
): Promise<number> {
  await using reached = await unlocking(context, options).reach('any')
  const passphrase = await newPassphrase(context.terminal, newOf(options))
  const changed = await reached.connection.calls.backupKeys.change({ passphrase, key })
  const old = changed.removed === null ? 'The others open them too.' : `${changed.removed} opens them no more.`
  show(
    context,
    changed,
    `The new passphrase opens the backups (${changed.key}). ${old} Put the new one into the secrets file now, or the next scheduled backup fails.`,
  )
  return exitCodes.done
}

/** `wheelhouse backups keys remove KEY`. */
export async function removeKey(context: CommandContext, key: string, options: ConsentOptions): Promise<number> {
  await using reached = await context.reach('any')
  const intent = {
    sentence: `The passphrase of ${key} will open the backups no more.`,
    text: `The passphrase of ${key} will open the backups no more. Whoever has it and an older copy of the folder can still read what is in that copy.`,
    document: { key },
  }
  if (!(await agreed(context, intent, options))) return options.plan ? exitCodes.done : exitCodes.refused
  await reached.connection.calls.backupKeys.remove({ key })
  show(context, { key }, `The key ${key} is removed.`)
  return exitCodes.done
}

/** `wheelhouse backups kit --out FILE`: writes the recovery kit to a file that nobody else may read. */
export async function kit(
  context: CommandContext,
  options: { readonly out: string; readonly force: boolean } & ConsentOptions & SecretOptions,
): Promise<number> {
  await using reached = await unlocking(context, options).reach('any')
  const { site } = await firstState(reached.connection)
  const id = site.site?.id ?? ''
  const intent = {
    sentence: `The recovery kit of ${site.site?.name ?? id} will be written to ${options.out}.`,
    text: `The recovery kit of ${site.site?.name ?? id} will be written to ${options.out}. Whoever has it and the backup folder can read every backup: print it, keep the paper away from this computer, and delete the file.`,
    document: { out: options.out },
  }
  if (!(await agreed(context, intent, options))) return options.plan ? exitCodes.done : exitCodes.refused
  await assertNew(options.out, options.force)
  const { html } = await reached.connection.calls.backupKeys.kit({ site: id })
  // Whole or not at all, and readable by nobody else from the first byte on.
  await writeDurably(resolve(options.out), html, 0o600).catch((error: unknown) => {
    throw notWritten(options.out, `it cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  })
  show(
    context,
    { out: options.out },
    `The recovery kit is in ${options.out}. Print it, then prove it by typing it back: wheelhouse backups prove-kit.`,
  )
  return exitCodes.done
}

/** `wheelhouse backups prove-kit [--key-file FILE]`: decrypts the newest snapshot with nothing but what is given. */
export async function proveKit(context: CommandContext, options: SecretOptions): Promise<number> {
  await using reached = await context.reach('any')
  const typed = await readSecret(context.terminal, options, 'Recovery key, row 1:')
  if (typed === null) throw secretNeeded()
  const proven = await reached.connection.calls.backupKeys.proveKit({ kit: typed })
  show(context, proven, proven.sentence)
  return exitCodes.done
}

function newOf({ newFile }: { readonly newFile?: string }): SecretOptions {
  return newFile === undefined ? {} : { keyFile: newFile }
}

function keysText(list: readonly BackupKeyView[], zone: string): string {
  if (list.length === 0) return 'The backups are not encrypted, or there are none yet.'
  return table(
    ['KEY', 'MADE', 'LABEL', 'STATE'],
    list.map(({ id, label, createdAt, problem, used }) => [
      id,
      createdAt === 0 ? '' : moment(createdAt, zone),
      label,
      problem ?? (used ? 'opened the backups' : ''),
    ]),
  )
}

/** A file that exists is kept, unless `force` says otherwise; and a kit that could not be saved is not made. */
async function assertNew(out: string, force: boolean): Promise<void> {
  const found = await stat(out).catch(() => null)
  if (found && !(force && found.isFile())) throw notWritten(out, 'it exists already')
  await access(dirname(resolve(out)), constants.W_OK).catch(() => {
    throw notWritten(out, 'its folder does not exist, or you may not write to it')
  })
}

function notWritten(out: string, why: string): ConsoleError {
  return new ConsoleError(
    'file-not-written',
    `The recovery kit is not in ${out}: ${why}.`,
    'Name another file, or replace it with --force.',
    { params: { out } },
  )
}
