import { resolve } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'
import { readPath } from '../path-words.ts'
import type { CommandContext } from './context.ts'
import { runJob } from './run-job.ts'

/** `wheelhouse restore SNAPSHOT [PATH...] --into FOLDER`: the site is not touched. */
export async function restoreInto(
  context: CommandContext,
  snapshot: string | null,
  texts: readonly string[],
  folder: string,
): Promise<number> {
  const paths = pathsOf(texts)
  await using reached = await context.reach('any')
  const { backups } = reached.connection.calls
  const chosen = snapshot ?? (await backups.plan({ snapshot: null, paths })).snapshot
  return await runJob(context, reached, await backups.copies.into({ snapshot: chosen, paths, folder: resolve(folder) }))
}

/** `wheelhouse backups export SNAPSHOT [FILE] [PATH...]`; `file` null: where the console would suggest it. */
export async function exportSnapshot(
  context: CommandContext,
  snapshot: string,
  file: string | null,
  texts: readonly string[],
  replace: boolean,
): Promise<number> {
  const paths = pathsOf(texts)
  await using reached = await context.reach('any')
  const { copies } = reached.connection.calls.backups
  const to = file === null ? (await copies.suggest({ snapshot })).file : resolve(file)
  if (to === null) {
    throw new ConsoleError(
      'export-unnamed',
      'No place is known for this export.',
      'Name the file that is to be written.',
    )
  }
  return await runJob(context, reached, await copies.export({ snapshot, paths, file: to, replace }))
}

/** `wheelhouse backups import FILE [--into FOLDER]`. */
export async function importArchive(
  context: CommandContext,
  file: string,
  options: { readonly note: string; readonly into?: string },
): Promise<number> {
  await using reached = await context.reach('any')
  const { copies } = reached.connection.calls.backups
  const folder = options.into === undefined ? null : resolve(options.into)
  return await runJob(context, reached, await copies.import({ file: resolve(file), note: options.note, folder }))
}

function pathsOf(texts: readonly string[]): string[] | null {
  return texts.length === 0 ? null : texts.map(readPath)
}
