import { z } from 'zod'
import { ConsoleError } from '#shared/problem.ts'
import type { BlobReader } from './blob-reader.ts'

/**
 * The listing of one folder, as it is stored: JSON, entries in order of their names' bytes. A name that is not UTF-8 is kept
 * exactly, in base64. Nanoseconds and inode numbers are decimal strings, because JSON numbers cannot hold them.
 */
const nanosecondsSchema = z.string().regex(/^-?\d{1,20}$/)
const blobIdSchema = z.string().regex(/^[0-9a-f]{64}$/)

const commonShape = {
  name: z.string().optional(),
  name64: z.string().optional(),
  /** Permission bits, 0 to 0o7777. */
  mode: z.number().int().min(0).max(0o7777),
  uid: z.number().int(),
  gid: z.number().int(),
  user: z.string().nullable(),
  group: z.string().nullable(),
  mtime: nanosecondsSchema,
}

/** What a file looked like from outside when it was read: unchanged since then, it need not be read again. */
const lookSchema = z.object({ size: z.number(), mtime: nanosecondsSchema, ctime: nanosecondsSchema, inode: z.string() })
export type Look = z.infer<typeof lookSchema>

const folderSchema = z.object({ type: z.literal('folder'), ...commonShape, tree: blobIdSchema })
const linkSchema = z.object({
  type: z.literal('link'),
  ...commonShape,
  target: z.string().optional(),
  target64: z.string().optional(),
})
const fileSchema = z.object({
  type: z.literal('file'),
  ...commonShape,
  size: z.number().int().min(0),
  chunks: z.array(blobIdSchema),
  look: lookSchema,
  /** Files of one snapshot with the same value here are one file under several names. */
  hard: z.string().optional(),
  /** It had holes; zeros may be left out again. */
  sparse: z.literal(true).optional(),
  /** It changed each time it was read: its parts may not belong together. */
  torn: z.literal(true).optional(),
  /** A database: taken through SQLite, or byte for byte together with the log files beside it. */
  database: z.object({ how: z.enum(['copy', 'raw']), wal: lookSchema.nullable(), counter: z.string() }).optional(),
})

const entrySchema = z.discriminatedUnion('type', [folderSchema, fileSchema, linkSchema])
export type TreeEntry = z.infer<typeof entrySchema>
export type FileEntry = z.infer<typeof fileSchema>
export type FolderEntry = z.infer<typeof folderSchema>
const treeSchema = z.object({ format: z.literal(1), entries: z.array(entrySchema) })

export function encodeTree(entries: readonly TreeEntry[]): Buffer {
  return Buffer.from(JSON.stringify({ format: 1, entries }))
}

/** Reads a folder's listing, which nobody may change: it is kept for who asks next. Errors as {@link BlobReader.get}, and `repository-damaged` when it is no listing. */
export async function readTree(reader: BlobReader, id: string): Promise<readonly TreeEntry[]> {
  const known = reader.listings.get(id)
  if (known) return known
  const json = await reader.take(id, (bytes) => parseJson(bytes.toString('utf8')))
  const parsed = treeSchema.safeParse(json)
  if (parsed.success) {
    reader.listings.set(id, parsed.data.entries, reader.length(id))
    return parsed.data.entries
  }
  throw new ConsoleError(
    'repository-damaged',
    `A folder listing in the backups (${id.slice(0, 12)}) cannot be understood.`,
    'Use another snapshot, or a newer version of the console.',
    { params: { blob: id } },
  )
}

/** The bytes of an entry's name or of a link's target. */
export function nameBytes(entry: TreeEntry): Buffer {
  return fromText(entry.name, entry.name64)
}

export function targetBytes(entry: Extract<TreeEntry, { type: 'link' }>): Buffer {
  return fromText(entry.target, entry.target64)
}

/** A name as two optional fields: as text where it is UTF-8, else in base64. */
export function nameFields(name: Buffer): { name: string } | { name64: string } {
  const text = name.toString('utf8')
  return Buffer.from(text).equals(name) ? { name: text } : { name64: name.toString('base64') }
}

export function targetFields(target: Buffer): { target: string } | { target64: string } {
  const text = target.toString('utf8')
  return Buffer.from(text).equals(target) ? { target: text } : { target64: target.toString('base64') }
}

function fromText(text: string | undefined, base64: string | undefined): Buffer {
  return text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
