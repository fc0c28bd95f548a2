import { readFileSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, sep } from 'node:path'
import { z } from 'zod'
import { ConsoleError } from '#shared/problem.ts'

/**
 * Gives the value of a secret by name. Throws `secret-missing` or `secrets-unusable`; no value ever stands in an error. Reads
 * the file each time, so that a secret that was added counts at the next start of its service.
 */
export type Secrets = (name: string) => string

/** Where a secret is: here, in a variable of the console's environment, or in a file of its own. */
const secretSchema = z.union([
  z.string(),
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
])
type KeptSecret = z.infer<typeof secretSchema>

/** `secrets.json`: secrets by the site's folder (real path) and name. */
const fileSchema = z.record(z.string(), z.record(z.string(), secretSchema))

/** Longer than any password or key. Bytes. */
const longest = 64 * 1024

/**
 * The secrets of one site, from `<user data>/secrets.json` and from where it says that they are. A file that is absent or unusable matters
 * when one is asked for. `environment`: the console's own.
 */
export async function openSecrets(
  userData: string,
  site: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Secrets> {
  const file = join(userData, 'secrets.json')
  return (name) => {
    const secrets = readSecrets(file)[site] ?? {}
    const kept = Object.hasOwn(secrets, name) ? secrets[name] : undefined
    if (kept !== undefined) return secretFrom(kept, { name, site, environment })
    throw new ConsoleError(
      'secret-missing',
      `The secret ${name} of the site in ${site} is not known to the console.`,
      `Add "${name}" under "${site}" in ${file}, then start the service again.`,
      { params: { site, secret: name, file } },
    )
  }
}

interface Asked {
  readonly name: string
  readonly site: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

function secretFrom(kept: KeptSecret, asked: Asked): string {
  if (typeof kept === 'string') return kept
  if ('file' in kept) return fromFile(kept.file, asked)
  const value = asked.environment[kept.env]
  if (value !== undefined && value !== '') return value
  throw new ConsoleError(
    'secret-missing',
    `The secret ${asked.name} is to come from the environment variable ${kept.env} of the console, which is not set.`,
    `Set ${kept.env} where the console is started, then start the console again.`,
    { params: { secret: asked.name, variable: kept.env } },
  )
}

/** One line break at its end is none of the secret's. */
function fromFile(file: string, { name, site }: Asked): string {
  const unusable = (why: string, remedy: string) =>
    new ConsoleError('secrets-unusable', `The secret ${name} in ${file} is not used: ${why}.`, remedy, {
      params: { secret: name, file },
    })
  if (!isAbsolute(file)) throw unusable('its file is not named by a whole path', 'Write the path from the root on.')
  try {
    const real = realpathSync(file)
    if (real.startsWith(`${site}${sep}`))
      throw unusable('it lies in the site folder, and so would be in its backups', 'Keep it elsewhere.')
    const found = statSync(real)
    if (!found.isFile()) throw unusable('that is no file', 'Name a file that holds nothing but the secret.')
    if (process.platform !== 'win32' && (found.mode & 0o007) !== 0)
      throw unusable('everybody on this machine may read or change the file', `Run \`chmod o= ${file}\`.`)
    if (found.size > longest)
      throw unusable('it is longer than 64 KB', 'Name a file that holds nothing but the secret.')
    const value = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(real)).replace(/\r?\n$/, '')
    if (value === '') throw unusable('the file is empty', 'Write the secret into it.')
    return value
  } catch (error) {
    if (error instanceof ConsoleError) throw error
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw unusable('the file is not there', 'Put it there, or correct the path in secrets.json.')
    // What else can be said of it might quote what it holds.
    throw unusable('the file cannot be read as text', 'Give this user the right to read it, and save it as UTF-8.')
  }
}

function readSecrets(file: string): z.infer<typeof fileSchema> {
  // What the parser or the schema would say quotes the file's content, so nothing of it goes into an error.
  const unusable = (why: string, remedy: string) =>
    new ConsoleError('secrets-unusable', `The secrets in ${file} are not used: ${why}.`, remedy, { params: { file } })
  let text: string
  try {
    const { mode } = statSync(file)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw unusable('others than this user may read or change the file', `Run \`chmod 600 ${file}\`.`)
    }
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof ConsoleError) throw error
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw unusable('the file cannot be read', 'Give this user the right to read it.')
  }
  try {
    return fileSchema.parse(JSON.parse(text))
  } catch {
    const form = '{ "<folder of the site>": { "<NAME>": "<value>" } }'
    const elsewhere = 'a value, or { "env": "<VARIABLE>" }, or { "file": "<path>" }'
    throw unusable('the file is not JSON of the form expected', `Correct it to ${form}, each ${elsewhere}.`)
  }
}
