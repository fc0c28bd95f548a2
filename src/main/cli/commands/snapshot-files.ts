import type { FileChange, FileView, FolderChanges } from '#shared/contract/snapshot-files.ts'
import { shownKey } from '#shared/path-key.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { readPath } from '../path-words.ts'
import { bytes, counted, moment, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse backups ls SNAPSHOT [PATH]`. */
export async function list(context: CommandContext, snapshot: string, path: string): Promise<number> {
  const folder = folderOf(path)
  await using reached = await context.reach('any')
  const { files } = reached.connection.calls.backups
  const { site } = await firstState(reached.connection)
  const entries: FileView[] = []
  for (let total = 1; entries.length < total; ) {
    const page = await files.list({ snapshot, folder, from: entries.length, limit: 1_000 })
    total = page.total
    entries.push(...page.entries)
    if (page.entries.length === 0) break
  }
  show(context, { snapshot, folder: path, entries }, listText(entries, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** `wheelhouse backups diff SNAPSHOT [SNAPSHOT|now] [PATH]`. */
export async function changes(
  context: CommandContext,
  snapshot: string,
  against: string,
  path: string,
  all: boolean,
): Promise<number> {
  const folder = folderOf(path)
  await using reached = await context.reach('any')
  const { files } = reached.connection.calls.backups
  const look = (at: string) => files.changes({ snapshot, folder: at, against })
  const found = await look(folder)
  const entries = all ? await below(found, look) : found.entries
  const { added, changed, deleted, hidden } = found
  show(
    context,
    { snapshot, against, folder: path, added, changed, deleted, entries, hidden },
    changesText(found, entries),
  )
  return exitCodes.done
}

/** `wheelhouse backups cat SNAPSHOT PATH`: the bytes as they are. */
export async function cat(context: CommandContext, snapshot: string, path: string): Promise<number> {
  const file = readPath(path)
  await using reached = await context.reach('any')
  const { files } = reached.connection.calls.backups
  for (let offset = 0, total = 1; offset < total; ) {
    const piece = await files.read({ snapshot, path: file, offset })
    const content = Buffer.from(piece.base64, 'base64')
    if (content.length === 0) break
    await context.terminal.raw(content)
    offset += content.length
    total = piece.bytes
  }
  return exitCodes.done
}

function folderOf(path: string): string {
  return /^[./]*$/.test(path) ? '' : readPath(path)
}

/** Every difference below, folder by folder. */
async function below(found: FolderChanges, look: (folder: string) => Promise<FolderChanges>): Promise<FileChange[]> {
  const entries: FileChange[] = []
  for (const entry of found.entries) {
    if (entry.what !== 'inside') entries.push(entry)
    const inside = entry.added + entry.changed + entry.deleted - (entry.what === 'inside' ? 0 : 1)
    if (entry.kind === 'folder' && inside > 0) entries.push(...(await below(await look(entry.path), look)))
  }
  return entries
}

function listText(entries: readonly FileView[], zone: string): string {
  if (entries.length === 0) return 'The folder is empty.'
  return table(
    ['KIND', 'SIZE', 'WRITTEN', 'NAME'],
    entries.map((entry) => [
      entry.torn ? `${entry.kind}, torn` : entry.kind,
      entry.bytes === null ? '' : bytes(entry.bytes),
      moment(entry.at, zone),
      entry.target === null ? entry.name : `${entry.name} -> ${entry.target}`,
    ]),
    ['SIZE'],
  )
}

const marks = { added: '+', changed: '~', deleted: '-', inside: ' ' } as const

function changesText(found: FolderChanges, entries: readonly FileChange[]): string {
  const { added, changed, deleted, hidden } = found
  if (added + changed + deleted === 0) return 'Nothing differs.'
  return [
    `Since the snapshot: ${added} added, ${changed} changed, ${deleted} deleted.`,
    ...entries.map((entry) => `  ${marks[entry.what]} ${nameOf(entry)}${insideText(entry)}`),
    ...(hidden > 0 ? [`  and ${counted(hidden, 'more entry', 'more entries')}`] : []),
  ].join('\n')
}

function nameOf({ kind, path }: FileChange): string {
  return shownKey(path) + (kind === 'folder' ? '/' : '')
}

function insideText({ kind, added, changed, deleted }: FileChange): string {
  return kind === 'folder' ? `  ${added} added, ${changed} changed, ${deleted} deleted in it` : ''
}
