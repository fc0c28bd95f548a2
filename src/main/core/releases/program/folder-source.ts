import { lstat, readlink, realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { releaseRefused, remedies, sourceMissing } from './refused.ts'
import type { Staging, StagingLimits } from './staging.ts'
import { contentOf, walk } from './walk.ts'

/** Version control of the author, which no release needs. Directly in the source. */
export const leftOutOfFolders: ReadonlySet<string> = new Set(['.git', '.hg', '.svn'])

export interface SurveyedFolder {
  /** Real path. */
  readonly folder: string
  readonly bytes: number
  readonly entries: number
  readonly notes: readonly string[]
}

/** Looks at a folder before anything is copied. Rejects with `release-source-missing` and `release-refused`. */
export async function surveyFolder(
  given: string,
  site: string | null,
  limits: Pick<StagingLimits, 'entries' | 'bytes'>,
): Promise<SurveyedFolder> {
  const folder = isAbsolute(given) ? await realpath(given).catch(() => null) : null
  if (folder === null || !(await lstat(folder)).isDirectory()) {
    throw sourceMissing(
      `${given} ${folder === null ? 'does not exist' : 'is no folder'}.`,
      { folder: given },
      'Name the folder that holds the new code by its whole path.',
    )
  }
  if (site !== null) assertApart(folder, site)
  const notes: string[] = []
  let bytes = 0
  let entries = 0
  for (const name of leftOutOfFolders)
    if (await lstat(join(folder, name)).catch(() => null)) notes.push(`The folder ${name} was left out.`)
  for await (const { path, stat } of walk(folder, leftOutOfFolders)) {
    if (++entries > limits.entries)
      throw releaseRefused(`it holds more than ${limits.entries} files and folders`, remedies.size)
    if (stat.isFile()) bytes += stat.size
    else if (!stat.isDirectory() && !stat.isSymbolicLink())
      throw releaseRefused(`"${path}" is a device, a pipe or a socket`, 'Remove it from the folder, then try again.')
    if (bytes > limits.bytes)
      throw releaseRefused(`it has more than the ${limits.bytes} bytes that it may have here`, remedies.size)
  }
  if (entries === 0) throw releaseRefused(`${folder} is empty`, 'Name the folder that holds the new code.')
  return { folder, bytes, entries, notes }
}

export async function stageFolder({ folder, notes }: SurveyedFolder, staging: Staging): Promise<void> {
  for (const note of notes) staging.note(note)
  for await (const { path, stat } of walk(folder, leftOutOfFolders)) {
    const file = join(folder, path)
    if (stat.isDirectory()) staging.folder(path)
    else if (stat.isSymbolicLink()) staging.link(path, await readlink(file, { encoding: 'buffer' }))
    else if (stat.isFile()) {
      await staging.file(path, stat.mode, contentOf(file))
      const after = await lstat(file)
      if (after.mtimeMs !== stat.mtimeMs || after.size !== stat.size || after.ino !== stat.ino)
        throw releaseRefused(
          `"${path}" changed while it was copied`,
          'Wait until nothing writes into the folder any more, then try again.',
        )
    }
  }
}

/** The site's data would be copied, and the copy into itself. */
function assertApart(folder: string, site: string): void {
  const way = relative(folder, site)
  const holds = way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way))
  const own = relative(join(site, '.wheelhouse'), folder)
  const inOwn = own === '' || !(own === '..' || own.startsWith(`..${sep}`) || isAbsolute(own))
  if (!holds && !inOwn) return
  throw releaseRefused(
    holds ? `${folder} is or holds the site itself` : `${folder} belongs to the console`,
    'Put the new code into a folder of its own, outside the site, and name that.',
  )
}
