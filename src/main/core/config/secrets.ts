import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ConsoleError } from '#shared/problem.ts'

/**
 * Gives the value of a secret by name. Throws `secret-missing` or `secrets-unusable`; no value ever stands in an error. Reads
 * the file each time, so that a secret that was added counts at the next start of its service.
 */
export type Secrets = (name: string) => string

/** `secrets.json`: values by the site's folder (real path) and name. */
const fileSchema = z.record(z.string(), z.record(z.string(), z.string()))

/** The secrets of one site, from `<user data>/secrets.json`. A file that is absent or unusable matters when one is asked for. */
export async function openSecrets(userData: string, site: string): Promise<Secrets> {
  const file = join(userData, 'secrets.json')
  return (name) => {
    const values = readSecrets(file)[site] ?? {}
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    if (value !== undefined) return value
    throw new ConsoleError(
      'secret-missing',
      `The secret ${name} of the site in ${site} is not known to the console.`,
      `Add "${name}" under "${site}" in ${file}, then start the service again.`,
      { params: { site, secret: name, file } },
    )
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
    throw unusable('the file is not JSON of the form expected', `Correct it to ${form}, all values in quotes.`)
  }
}
