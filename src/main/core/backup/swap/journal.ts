import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { syncFolder, writeDurably } from '#core/platform/index.ts'
import { pathKeySchema } from '#shared/path-key.ts'
import { ConsoleError } from '#shared/problem.ts'
import { swapDatabaseSchema } from '../postgres/swap-record.ts'

/**
 * The intent record of a restore, `.wheelhouse/swap/<job>.json`: written durably before the first entry is moved, changed
 * when the last one is in place, removed when nothing of the restore is left to do. Paths are one character for each byte, and
 * none leads out of the site folder or into the console's own. Format 1 knows entries directly in the site folder only, format 2 no
 * databases of servers; each is still written where it is enough, so that the version before can finish what this one began.
 */
export const journalSchema = z
  .object({
    format: z.union([z.literal(1), z.literal(2), z.literal(3)]),
    job: z.string().regex(/^[a-z0-9-]+$/),
    kind: z.enum(['restore', 'undo']),
    snapshot: z.string(),
    restorePoint: z.string().regex(/^[a-z0-9-]+$/),
    /** "the restore of …", for sentences. */
    what: z.string(),
    /** `swapping`: to be finished by renames. `undoing`: to be taken back. `swapped`: everything is in its place. */
    state: z.enum(['swapping', 'undoing', 'swapped']),
    entries: z.array(z.object({ key: pathKeySchema, what: z.enum(['add', 'replace', 'delete']) })),
    /** Paths that no snapshot covers, carried over from the old entries into the new ones. */
    carried: z.array(pathKeySchema),
    /** The old entries hold something that the restore point lacks: they are set aside, not removed. */
    keepOld: z.boolean(),
    /** Services that ran before and are to run again. */
    services: z.array(z.string()),
    /** Databases of servers that are exchanged after the entries; a record that has any is of format 3. */
    databases: z.array(swapDatabaseSchema).optional(),
  })
  .refine(
    ({ format, entries, databases }) => format >= journalFormat(entries, databases),
    'the format does not know what it holds',
  )
export type SwapJournal = z.infer<typeof journalSchema>

/** The format that a record needs. */
export function journalFormat(
  entries: readonly { readonly key: string }[],
  databases: readonly unknown[] = [],
): 1 | 2 | 3 {
  if (databases.length > 0) return 3
  return entries.some(({ key }) => key.includes('/')) ? 2 : 1
}

/** Where a restore works inside `.wheelhouse`, on the same mount as the site. */
export interface SwapFolders {
  readonly site: string
  /** `.wheelhouse/staging` and `.wheelhouse/swap`. */
  readonly staging: string
  readonly swap: string
  readonly quarantine: string
}

export function swapFolders(site: string): SwapFolders {
  const own = join(site, '.wheelhouse')
  return { site, staging: join(own, 'staging'), swap: join(own, 'swap'), quarantine: join(own, 'quarantine') }
}

export const stagingOf = (folders: SwapFolders, job: string) => join(folders.staging, job)
export const treeOf = (folders: SwapFolders, job: string) => join(folders.staging, job, 'tree')
export const oldOf = (folders: SwapFolders, job: string) => join(folders.swap, `${job}.old`)
const fileOf = (folders: SwapFolders, job: string) => join(folders.swap, `${job}.json`)

export async function writeJournal(folders: SwapFolders, journal: SwapJournal): Promise<void> {
  await writeDurably(fileOf(folders, journal.job), `${JSON.stringify(journal)}\n`)
}

export async function removeJournal(folders: SwapFolders, job: string): Promise<void> {
  await rm(fileOf(folders, job), { force: true })
  await syncFolder(folders.swap)
}

/** Every journal in the folder, the oldest restore's first; and the names of those that cannot be understood. */
export async function readJournals(folders: SwapFolders): Promise<{ journals: SwapJournal[]; strange: string[] }> {
  const journals: SwapJournal[] = []
  const strange: string[] = []
  for (const name of (await namesIn(folders.swap)).sort()) {
    if (!name.endsWith('.json')) continue
    const parsed = journalSchema.safeParse(parseJson(await textOf(join(folders.swap, name))))
    if (parsed.success) journals.push(parsed.data)
    else strange.push(name)
  }
  return { journals, strange }
}

export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw unreadable(folder, error)
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
}

/** Without the record nobody knows whether a restore is half done, so nothing of the site may go on. */
function unreadable(path: string, error: unknown): ConsoleError {
  const reason = error instanceof Error ? error.message : String(error)
  return new ConsoleError(
    'restore-record-unreadable',
    `What an interrupted restore left in ${path} cannot be read: ${reason}.`,
    'Check the disk of the site and the rights of that path, then open the site again; nothing was changed meanwhile.',
    { params: { path }, retryable: true, cause: error },
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
