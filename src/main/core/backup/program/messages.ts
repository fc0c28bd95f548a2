import { z } from 'zod'
import { leftOutSchema, pruneFiguresSchema } from '#shared/contract/keeping-views.ts'
import { fileViewSchema, folderChangesSchema, folderKeySchema } from '#shared/contract/snapshot-files.ts'
import { pathKeySchema } from '#shared/path-key.ts'
import { problemSchema } from '#shared/problem.ts'
import { dumpedSchema, missingDumpSchema } from '../postgres/dump-record.ts'
import { keptDatabaseSchema } from '../postgres/kept-database.ts'
import { type StorageAddress, storageAddressSchema } from '../repository/open-storage.ts'
import { verifiedSchema } from '../repository/snapshot-file.ts'

/** What the console asks of its backup helper, one request at a time, one JSON line each. */

/** Wall-clock milliseconds of the console, whose clock is the one that counts. */
const nowSchema = z.number().optional()
const siteSchema = z.object({ id: z.string(), name: z.string(), directory: z.string() })
/** What is asked for of a snapshot; null is all of it. */
const pathKeysSchema = z.array(pathKeySchema).nullable()
const swapEntrySchema = z.object({ key: pathKeySchema, what: z.enum(['add', 'replace', 'delete']) })

/** The first line: where to work and with what. */
export const hello = z.object({
  /** Null for work that touches no backups. */
  target: storageAddressSchema.nullable(),
  site: siteSchema,
  /** Paths of the programs that the helper runs. */
  databaseCopy: z.string(),
  /** What opens an encrypted repository. Comes over standard input and nowhere else, and is never logged. */
  secrets: z
    .object({
      /** The master key, base64; null: the repository is not encrypted, or is locked. */
      key: z.string().nullable(),
      /** For making a new repository: what it is encrypted with; null: not. */
      passphrase: z.string().nullable(),
      /** A repository without encryption is refused, because this one must have it. */
      sealed: z.boolean(),
    })
    .optional(),
  crew: z.string(),
})
export type Hello = z.infer<typeof hello>

/** Where the repository is. Throws for a helper that was started for other work. */
export function targetOf({ target }: Pick<Hello, 'target'>): StorageAddress {
  if (target) return target
  throw new Error('This helper was started for work that touches no backups.')
}
export type HelloSecrets = NonNullable<Hello['secrets']>

export const methods = {
  /** Takes the repository's lock for the life of the helper; `create` makes the repository where there is none. */
  lock: {
    input: z.object({ what: z.string(), create: z.boolean() }),
    /** `key`: the master key of an encrypted repository, base64. */
    output: z.object({ repository: z.string(), key: z.string().nullable() }),
  },
  /** Opens an encrypted repository with a passphrase or a recovery key; answers with the master key, base64. */
  unlock: {
    input: z.object({ secret: z.string() }),
    output: z.object({ master: z.string(), by: z.enum(['passphrase', 'kit']), key: z.string().nullable() }),
  },
  /** One more passphrase, in the place of the key file `replaces` where that is given. Needs the lock. */
  'add-key': {
    input: z.object({ passphrase: z.string(), label: z.string(), replaces: z.string().nullable(), now: z.number() }),
    output: z.object({ key: z.string() }),
  },
  'remove-key': { input: z.object({ key: z.string() }), output: z.object({}) },
  /** Decrypts the newest snapshot with nothing but a recovery key: its whole tree, and a sample of its content. */
  prove: {
    input: z.object({ kit: z.string() }),
    output: z.object({
      snapshot: z.string(),
      at: z.number(),
      files: z.number().int(),
      trees: z.number().int(),
      blobs: z.number().int(),
      bytes: z.number(),
    }),
  },
  backup: {
    input: z.object({
      kind: z.enum(['full', 'data', 'restore-point']),
      scope: z.enum(['site', 'data', 'paths']),
      /** Scope `paths`: what is captured. */
      paths: pathKeysSchema.optional(),
      note: z.string(),
      exclude: z.array(z.string()),
      /** Leaves out folders that carry a CACHEDIR.TAG as well. */
      tagged: z.boolean().optional(),
      job: z.string(),
      before: z.object({ what: z.string(), missing: z.array(z.string()) }).nullable(),
      /** What the snapshot cannot hold, a sentence each; kept among its warnings. */
      notHeld: z.array(z.string()).optional(),
      /** Dumps that lie in a folder below `.wheelhouse`, and what could not be dumped, a sentence each. */
      dumps: z
        .object({ folder: z.string(), dumped: z.array(dumpedSchema), missing: z.array(missingDumpSchema) })
        .optional(),
      /** Restore points: what stands aside on a server of databases. */
      kept: z.array(keptDatabaseSchema).optional(),
    }),
    output: z.object({ snapshot: z.string(), verified: verifiedSchema }),
  },
  plan: {
    input: z.object({ snapshot: z.string(), paths: pathKeysSchema }),
    output: z.object({
      add: z.number().int(),
      change: z.number().int(),
      delete: z.number().int(),
      entries: z.array(z.object({ path: z.string(), what: z.enum(['add', 'change', 'delete']), bytes: z.number() })),
      hidden: z.number().int(),
      swap: z.array(swapEntrySchema),
      fingerprint: z.string(),
      /** Bytes to be staged. */
      bytes: z.number(),
      freeBytes: z.number().nullable(),
      /** Paths that a restore leaves as they are, below entries that are swapped. */
      kept: z.array(z.string()),
      warnings: z.array(z.string()),
      /** Files written after the snapshot that change or go, and the newest of them. */
      written: z.object({ files: z.number().int(), newest: z.array(z.object({ path: z.string(), at: z.number() })) }),
      /** Databases that are put back or go, as path keys, with their bytes, and whether the snapshot holds them. */
      databases: z.array(z.object({ path: pathKeySchema, bytes: z.number(), stored: z.boolean() })),
    }),
  },
  /** Writes entries of a snapshot into `.wheelhouse/staging/<job>/tree` and reads them back. */
  stage: {
    input: z.object({
      snapshot: z.string(),
      paths: pathKeysSchema,
      job: z.string(),
      /** The entries to write. */
      swap: z.array(swapEntrySchema),
      /** Every entry that will be swapped, those written before included. */
      swapped: z.array(z.string()),
      kept: z.array(z.string()),
    }),
    output: z.object({ carried: z.array(z.string()), stranded: z.array(z.string()) }),
  },
  /** Writes a snapshot into an empty folder outside the site, or below `.wheelhouse/sandbox`, and reads it back. */
  extract: {
    input: z.object({
      snapshot: z.string(),
      /** Keys of entries directly in the site folder; null: all of them. */
      top: z.array(z.string()).nullable(),
      /** Only these paths, with the folders on the way to them. */
      paths: pathKeysSchema.optional(),
      /** Absolute path. */
      to: z.string(),
      /** Bytes that may be written at most; null: as many as fit. */
      most: z.number().nullable(),
      /** Entries of another snapshot that take the place of those of the first. */
      over: z.object({ snapshot: z.string(), top: z.array(z.string()) }).optional(),
      /** The job it is for: the folder appears under its name when it is whole. */
      job: z.string().optional(),
    }),
    output: z.object({ files: z.number().int(), bytes: z.number() }),
  },
  /** Writes a snapshot, or paths of it, as a `.tar.gz` outside the site. */
  export: {
    input: z.object({
      snapshot: z.string(),
      paths: pathKeysSchema,
      file: z.string(),
      replace: z.boolean(),
      job: z.string(),
    }),
    output: z.object({ files: z.number().int(), bytes: z.number() }),
  },
  /** Unpacks a `.tar.gz` into an empty folder outside the site. */
  unpack: {
    input: z.object({ file: z.string(), to: z.string(), job: z.string() }),
    output: z.object({ files: z.number().int(), bytes: z.number(), skipped: z.number().int() }),
  },
  /** Makes a snapshot of a `.tar.gz`. */
  import: {
    input: z.object({ file: z.string(), note: z.string(), job: z.string() }),
    output: z.object({
      snapshot: z.string(),
      verified: verifiedSchema,
      files: z.number().int(),
      skipped: z.number().int(),
    }),
  },
  /** Removes a sandbox of this site, wherever it lies. */
  discard: { input: z.object({ path: z.string() }), output: z.object({}) },
  /** A part of a folder's entries. */
  list: {
    input: z.object({ snapshot: z.string(), folder: folderKeySchema, from: z.number().int(), limit: z.number().int() }),
    output: z.object({ entries: z.array(fileViewSchema), total: z.number().int() }),
  },
  /** What became of a folder since the snapshot: until now, or until another snapshot. */
  changes: {
    input: z.object({ snapshot: z.string(), folder: folderKeySchema, against: z.string() }),
    output: folderChangesSchema,
  },
  /** A piece of a file. */
  read: {
    input: z.object({ snapshot: z.string(), path: pathKeySchema, offset: z.number().int(), length: z.number().int() }),
    output: z.object({ base64: z.string(), bytes: z.number() }),
  },
  /** Brings another storage up to this repository. */
  copy: {
    input: z.object({ to: storageAddressSchema, what: z.string() }),
    output: z.object({ snapshots: z.number().int(), bytes: z.number(), durability: z.enum(['strong', 'weak']) }),
  },
  verify: { input: z.object({ snapshot: z.string() }), output: verifiedSchema },
  /** Removes a folder tree below `.wheelhouse`. */
  remove: { input: z.object({ path: z.string() }), output: z.object({}) },
  /** Removes what a job that was cut off had written of the folder `to`. */
  'clear-unfinished': { input: z.object({ to: z.string(), job: z.string() }), output: z.object({}) },
  /** Removes snapshots, then prunes unless told otherwise. */
  forget: {
    input: z.object({ snapshots: z.array(z.string()), prune: z.boolean().default(true), now: nowSchema }),
    output: pruneFiguresSchema,
  },
  /** Frees what no snapshot has needed for a day; `dryRun`: only says what that would be. */
  prune: { input: z.object({ dryRun: z.boolean(), now: z.number() }), output: pruneFiguresSchema },
  /** Bytes that only these snapshots need. */
  weigh: {
    input: z.object({ snapshots: z.array(z.string()) }),
    output: z.object({ bytes: z.number().nullable() }),
  },
  /** What a backup would leave out, and how large it is. */
  survey: {
    input: z.object({ scope: z.enum(['site', 'data']), exclude: z.array(z.string()), tagged: z.boolean() }),
    output: leftOutSchema,
  },
} as const
export type Methods = typeof methods
export type Method = keyof Methods
export type Input<M extends Method> = z.infer<Methods[M]['input']>
export type Output<M extends Method> = z.infer<Methods[M]['output']>
/** How each answer is checked when it arrives. */
export const answers: { readonly [M in Method]: { parse(value: unknown): Output<M> } } = {
  lock: methods.lock.output,
  unlock: methods.unlock.output,
  'add-key': methods['add-key'].output,
  'remove-key': methods['remove-key'].output,
  prove: methods.prove.output,
  backup: methods.backup.output,
  plan: methods.plan.output,
  stage: methods.stage.output,
  extract: methods.extract.output,
  discard: methods.discard.output,
  export: methods.export.output,
  unpack: methods.unpack.output,
  import: methods.import.output,
  list: methods.list.output,
  changes: methods.changes.output,
  read: methods.read.output,
  copy: methods.copy.output,
  verify: methods.verify.output,
  remove: methods.remove.output,
  'clear-unfinished': methods['clear-unfinished'].output,
  forget: methods.forget.output,
  prune: methods.prune.output,
  weigh: methods.weigh.output,
  survey: methods.survey.output,
}
export type PlanAnswer = Output<'plan'>

export const fromConsole = z.discriminatedUnion('type', [
  z.object({ type: z.literal('request'), method: z.string(), input: z.unknown() }),
  /** The crash point was passed, nobody was killed: go on. */
  z.object({ type: z.literal('go-on') }),
])

export const fromHelper = z.discriminatedUnion('type', [
  z.object({ type: z.literal('done'), value: z.unknown() }),
  z.object({ type: z.literal('failed'), problem: problemSchema }),
  z.object({ type: z.literal('progress'), done: z.number(), total: z.number(), unit: z.enum(['files', 'bytes']) }),
  /** A named crash point is reached; the helper waits for `go-on`. */
  z.object({ type: z.literal('reached'), point: z.string() }),
])
export type FromHelper = z.infer<typeof fromHelper>
