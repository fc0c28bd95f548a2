import { z } from 'zod'
import { procedure } from './procedure.ts'

/** How the backups of a site are encrypted, and whether somebody could still read them if this machine were gone. */
export const encryptionViewSchema = z.object({
  /** Whether the repository is encrypted, or will be when it is made; null while it cannot be reached. */
  on: z.boolean().nullable(),
  /** What site.yaml says. */
  configured: z.boolean(),
  /** Why its content cannot be read now, as a sentence; null when it can. */
  locked: z.string().nullable(),
  repository: z.string().nullable(),
  kit: z.object({
    /** When a kit was made last; null: never. */
    madeAt: z.number().nullable(),
    /** When it was last proven to open the backups, with what; null: never. */
    proven: z.object({ at: z.number(), snapshot: z.string(), note: z.string() }).nullable(),
    /** The last attempt failed, and since then none has succeeded. */
    failed: z.object({ at: z.number(), why: z.string() }).nullable(),
  }),
})
export type EncryptionView = z.infer<typeof encryptionViewSchema>

/** A passphrase, a recovery key as it was typed, or the whole file of a kit. Never stored, logged, or put into a job. */
const secretSchema = z.string().min(1).max(65_536)
const passphraseSchema = z.string().min(1).max(1_000)

export const backupKeySchema = z.object({
  id: z.string(),
  label: z.string(),
  createdAt: z.number(),
  /** Set: the file is there and cannot be used. */
  problem: z.string().nullable(),
  /** The one that this console opened the backups with. */
  used: z.boolean(),
})
export type BackupKeyView = z.infer<typeof backupKeySchema>

export const backupKeysContract = {
  /** Opens encrypted backups for as long as this console runs, with a passphrase or the recovery kit. */
  unlock: procedure.input(z.object({ secret: secretSchema })).output(z.object({ by: z.enum(['passphrase', 'kit']) })),
  list: procedure.output(z.object({ keys: z.array(backupKeySchema) })),
  /** One more passphrase that opens the backups. */
  add: procedure
    .input(z.object({ passphrase: passphraseSchema, label: z.string().max(60).default('') }))
    .output(z.object({ key: z.string() })),
  /** A new passphrase in the place of the one that this console opened the backups with, or of `key`. */
  change: procedure
    .input(z.object({ passphrase: passphraseSchema, key: z.string().nullable().default(null) }))
    .output(z.object({ key: z.string(), removed: z.string().nullable() })),
  /** Its passphrase opens the backups no more. The last one stays. */
  remove: procedure.input(z.object({ key: z.string() })).output(z.object({})),
  /** The page to print, given to the caller alone. `site`: the site's id, so that nobody makes one by accident. */
  kit: procedure.input(z.object({ site: z.string() })).output(z.object({ name: z.string(), html: z.string() })),
  /** Decrypts the newest snapshot with nothing but what is given. */
  proveKit: procedure
    .input(z.object({ kit: secretSchema }))
    .output(z.object({ at: z.number(), snapshot: z.string(), sentence: z.string() })),
}
