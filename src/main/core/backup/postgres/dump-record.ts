import { z } from 'zod'
import { ConsoleError } from '#shared/problem.ts'

/** The folder of a snapshot that holds the dumps, one folder for each service. No such folder of a site itself is ever taken or touched. */
export const dumpsFolder = '.wheelhouse-databases'
/** What is known of a dump, beside the files of pg_dump in its folder. */
export const recordName = 'dump.json'
/** The record of a database with very many tables is large, and a hostile one larger. */
export const mostRecordBytes = 16 * 1024 * 1024

const grantSchema = z.object({
  /** Null: everybody. */
  grantee: z.string().nullable(),
  privilege: z.enum(['CREATE', 'CONNECT', 'TEMPORARY']),
  grantable: z.boolean(),
})

const tableSchema = z.object({ schema: z.string(), table: z.string(), rows: z.number().int().nullable() })

/** What a dump does not say of its database, and what is counted in it. */
export const dumpRecordSchema = z.object({
  format: z.literal(1),
  engine: z.literal('postgres'),
  service: z.string(),
  title: z.string(),
  /** Name of the database, and where it was. */
  database: z.string(),
  where: z.string(),
  /** Of the server, "15.14", and as a number, 150014. */
  server: z.string(),
  serverNumber: z.number().int(),
  /** Of pg_dump. */
  dumpedWith: z.string(),
  /** Wall-clock milliseconds at which its state was fixed. */
  at: z.number(),
  bytes: z.number(),
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  /** Locale of ICU, where that is what sorts; else null. */
  icu: z.string().nullable(),
  owner: z.string(),
  /** Null: what every new database grants. */
  grants: z.array(grantSchema).nullable(),
  /** What `ALTER DATABASE … SET` was given; `role`: only for this role. */
  settings: z.array(z.object({ role: z.string().nullable(), name: z.string(), value: z.string() })),
  /** The roles of the server, without passwords, and who is a member of which: a dump names them and does not hold them. */
  roles: z.array(z.string()),
  memberships: z.array(z.object({ role: z.string(), member: z.string() })),
  tables: z.array(tableSchema),
})
export type DumpRecord = z.infer<typeof dumpRecordSchema>

/** A dump that lies in a folder, to be taken into a snapshot. */
export const dumpedSchema = z.object({
  /** Its record without the rows, which are counted as it is stored. */
  record: dumpRecordSchema.omit({ tables: true, bytes: true }),
  /** The files of it that hold the rows of tables. */
  tables: z.array(z.object({ schema: z.string(), table: z.string(), file: z.string() })),
})
export type Dumped = z.infer<typeof dumpedSchema>

/** A database of which a snapshot was to hold a dump and does not. */
export const missingDumpSchema = z.object({ service: z.string(), title: z.string(), sentence: z.string() })
export type MissingDump = z.infer<typeof missingDumpSchema>

/** A dump as the record of its snapshot tells it. */
export const snapshotDumpSchema = z.object({
  service: z.string(),
  title: z.string(),
  database: z.string(),
  where: z.string(),
  server: z.string(),
  bytes: z.number(),
  rows: z.number().int(),
  at: z.number(),
  /** It came with an archive: nobody knows who made it. */
  imported: z.literal(true).optional(),
})
export type SnapshotDump = z.infer<typeof snapshotDumpSchema>

/** Path key of a dump in its snapshot. */
export function dumpPath(service: string): string {
  return `${dumpsFolder}/${service}`
}

/** Reads a record; it is not believed. Throws `snapshot-damaged`. */
export function readDumpRecord(text: string, service: string): DumpRecord {
  let parsed: DumpRecord | undefined
  try {
    parsed = dumpRecordSchema.safeParse(JSON.parse(text)).data
  } catch {}
  if (parsed?.service === service) return parsed
  throw new ConsoleError(
    'snapshot-damaged',
    `The record of the dump of ${service} in this snapshot cannot be understood.`,
    'Restore another snapshot; or restore this one into a folder and use pg_restore by hand.',
    { params: { service } },
  )
}

export function summaryOf(record: DumpRecord): SnapshotDump {
  const { service, title, database, where, server, bytes, at, tables } = record
  return {
    service,
    title,
    database,
    where,
    server,
    bytes,
    at,
    rows: tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
  }
}
