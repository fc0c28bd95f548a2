import { hash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { newId } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { seal, unseal } from '../sealed.ts'
import { masterKeyLength } from './master-key.ts'
import { keyFromPassphrase, type ScryptParameters, scryptSchema, usualScrypt } from './scrypt.ts'

export const keyIdSchema = z.string().regex(/^ky-[0-9a-z]{16}$/)
const base64 = (bytes: number) =>
  z
    .string()
    .max(Math.ceil(bytes / 3) * 4)
    .refine((text) => Buffer.from(text, 'base64').length === bytes)

const keyFileSchema = z.object({
  format: z.literal(2),
  id: keyIdSchema,
  repository: z.string().max(64),
  /** What its owner calls it. Readable by anybody who has the folder. */
  label: z.string().max(60),
  createdAt: z.number(),
  kdf: z.object({ algorithm: z.literal('scrypt'), salt: base64(32) }).and(scryptSchema),
  wrapped: base64(masterKeyLength + 28),
})
/** The master key, locked with one passphrase. */
export type KeyFile = z.infer<typeof keyFileSchema>

/** Longest that a passphrase may be, in characters; and the shortest that a new one may be. */
export const passphraseBounds = { least: 12, most: 1000 } as const
/** Bytes of a key file that are read. */
export const mostKeyFileBytes = 8 * 1024

/** Locks a master key with a passphrase. Rejects with `passphrase-weak`. */
export async function lockKey(
  master: Buffer,
  passphrase: string,
  about: { readonly repository: string; readonly label: string; readonly now: number },
  parameters: ScryptParameters = usualScrypt,
): Promise<KeyFile> {
  assertStrong(passphrase)
  const salt = randomBytes(32)
  const bare = {
    format: 2,
    id: newId('ky'),
    repository: about.repository,
    label: about.label,
    createdAt: about.now,
    kdf: { algorithm: 'scrypt', salt: salt.toString('base64'), N: parameters.N, r: parameters.r, p: parameters.p },
  } as const
  const key = await keyFromPassphrase(passphrase, salt, parameters)
  return { ...bare, wrapped: seal(key, boundTo(bare), master).toString('base64') }
}

/** The master key; undefined when this is not its passphrase. A file that was changed on purpose looks the same. */
export async function unlockKey(file: KeyFile, passphrase: string): Promise<Buffer | undefined> {
  if (passphrase.length > passphraseBounds.most) return undefined
  const key = await keyFromPassphrase(passphrase, Buffer.from(file.kdf.salt, 'base64'), file.kdf)
  return unseal(key, boundTo(file), Buffer.from(file.wrapped, 'base64'))
}

/** A line of JSON and its SHA-256 on the next, so that a damaged file is told from a wrong passphrase. */
export function encodeKeyFile(file: KeyFile): string {
  const line = JSON.stringify(file)
  return `${line}\n${hash('sha256', line)}\n`
}

/** Reads a key file that must be called `id` and belong to `repository`. Throws `key-damaged` or `key-of-another-repository`. */
export function decodeKeyFile(text: string, id: string, repository: string): KeyFile {
  const [line = '', sum] = text.split('\n')
  if (hash('sha256', line) !== sum) throw damaged(id, 'its checksum does not match, or its end is missing')
  const parsed = keyFileSchema.safeParse(parseJson(line))
  if (!parsed.success) {
    const where = parsed.error.issues[0]
    throw damaged(id, `what stands in it is not allowed (${where?.path.join('.') ?? ''}: ${where?.message ?? ''})`)
  }
  if (parsed.data.id !== id) throw damaged(id, 'it carries the name of another one')
  if (parsed.data.repository !== repository) {
    throw new ConsoleError(
      'key-of-another-repository',
      `The key file ${id}.json belongs to other backups (${parsed.data.repository}), not to these (${repository}).`,
      'Take it out of the folder keys, and bring back the key file of these backups.',
      { params: { key: id, repository: parsed.data.repository } },
    )
  }
  return parsed.data
}

/** Refuses a passphrase that could be tried out, with `passphrase-weak`. */
export function assertStrong(passphrase: string): void {
  const { least, most } = passphraseBounds
  const letters = [...passphrase]
  const why =
    letters.length < least
      ? `it has ${letters.length} characters`
      : letters.length > most
        ? `it has more than ${most} characters`
        : new Set(letters).size < 5
          ? 'it repeats a few characters'
          : null
  if (why === null) return
  throw new ConsoleError(
    'passphrase-weak',
    `The passphrase is not taken: ${why}.`,
    `Use at least ${least} characters, best four or more words that do not belong together.`,
  )
}

/** Everything of the file but what is locked: none of it can be changed without being noticed. */
function boundTo(file: Omit<KeyFile, 'wrapped'>): Buffer {
  const { algorithm, salt, N, r, p } = file.kdf
  return Buffer.from(
    JSON.stringify([
      'wheelhouse key',
      file.format,
      file.id,
      file.repository,
      file.label,
      file.createdAt,
      algorithm,
      salt,
      N,
      r,
      p,
    ]),
  )
}

function damaged(id: string, why: string): ConsoleError {
  return new ConsoleError(
    'key-damaged',
    `The key file keys/${id}.json is damaged: ${why}.`,
    'Bring it back from a copy of the backup folder, or unlock the backups with the recovery kit and add a passphrase again.',
    { params: { key: id } },
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
