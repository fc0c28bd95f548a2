import { readFile, stat } from 'node:fs/promises'
import { ConsoleError } from '#shared/problem.ts'
import { firstState } from '../first-state.ts'
import type { Reached } from '../reach.ts'
import type { Terminal } from '../terminal.ts'
import type { CommandContext } from './context.ts'

/**
 * Passphrases and recovery keys on the command line: asked for without an echo, or read from a file or a pipe. Never an
 * argument, which other users of the machine and the shell's history would see, nor the environment.
 */
export interface SecretOptions {
  /** `--key-file`: a path, or `-` for what is piped in. */
  readonly keyFile?: string
}

const mostBytes = 64 * 1024
const row = /^\s*(\d\s*[.:)])?\s*[0-9a-z]{4}[\s-]*[0-9a-z]{4}\s*$/i
const rows = 9

/** A context that unlocks the backups when it reaches the site and finds them locked. */
export function unlocking(context: CommandContext, options: SecretOptions): CommandContext {
  return {
    ...context,
    async reach(need) {
      const reached = await context.reach(need)
      try {
        await unlockBackups(reached, context.terminal, options)
        return reached
      } catch (error) {
        await reached[Symbol.asyncDispose]()
        throw error
      }
    },
  }
}

/** Throws `backups-locked` where nobody can be asked: what is locked must not look like nothing. */
async function unlockBackups(reached: Reached, terminal: Terminal, options: SecretOptions): Promise<void> {
  const { backups } = await firstState(reached.connection)
  const locked = backups.backups?.encryption.locked ?? null
  if (locked === null) return
  const secret = await readSecret(terminal, options, `${locked}\nPassphrase, or row 1 of the recovery key:`)
  if (secret === null) {
    throw new ConsoleError(
      'backups-locked',
      locked,
      'Name a file that holds the passphrase, or that of the recovery kit, with --key-file; - for what is piped in.',
    )
  }
  await reached.connection.calls.backupKeys.unlock({ secret })
}

/** A passphrase or a recovery key; null where none is given and nobody can be asked. */
export async function readSecret(
  terminal: Terminal,
  { keyFile }: SecretOptions,
  question: string,
): Promise<string | null> {
  if (keyFile !== undefined) return readKeyFile(terminal, keyFile)
  const first = await terminal.askSecret(question)
  if (first === null || !row.test(first)) return first
  // A row of a recovery key, which is shorter than a passphrase may be: the others follow.
  const typed = [first]
  while (typed.length < rows) {
    const next = await terminal.askSecret(`Row ${typed.length + 1}:`)
    if (next === null) return null
    typed.push(next)
  }
  return typed.join('\n')
}

/** A new passphrase, asked for twice or read. Throws `secret-needed` or `passphrases-differ`. */
export async function newPassphrase(terminal: Terminal, options: SecretOptions): Promise<string> {
  if (options.keyFile !== undefined) return (await readKeyFile(terminal, options.keyFile)).replace(/\r?\n$/, '')
  const first = await terminal.askSecret('New passphrase:')
  if (first === null) throw secretNeeded()
  if ((await terminal.askSecret('Once more:')) === first) return first
  throw new ConsoleError(
    'passphrases-differ',
    'The two passphrases are not the same, so nothing was changed.',
    'Give the command again.',
  )
}

export function secretNeeded(): ConsoleError {
  return new ConsoleError(
    'secret-needed',
    'A passphrase or a recovery key is needed, and nobody is there to type it.',
    'Name a file that holds it with --key-file, or pipe it in with --key-file -.',
  )
}

async function readKeyFile(terminal: Terminal, file: string): Promise<string> {
  const text = file === '-' ? await terminal.piped() : await readBounded(file)
  if (text === null) throw secretNeeded()
  return text.replace(/(\r?\n)+$/, '')
}

async function readBounded(file: string): Promise<string> {
  try {
    const found = await stat(file)
    if (!found.isFile() || found.size > mostBytes) throw new Error('it is no file of at most 64 KiB')
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new ConsoleError(
      'key-file-unreadable',
      `The key file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      'Name the file of the recovery kit, or one that holds the passphrase and nothing else.',
      { params: { file } },
    )
  }
}
