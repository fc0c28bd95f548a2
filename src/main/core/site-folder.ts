import { realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'

/** The real path of a site's folder. Rejects with `site-missing` when there is no site in it. */
export async function siteFolder(folder: string): Promise<string> {
  const missing = (why: string, cause?: unknown) =>
    new ConsoleError(
      'site-missing',
      `There is no site in ${folder}: ${why}.`,
      'Choose the folder that holds site.yaml.',
      {
        params: { folder },
        cause,
      },
    )
  let directory: string
  try {
    directory = await realpath(folder)
  } catch (error) {
    throw missing('the folder does not exist or cannot be read', error)
  }
  if (!(await stat(directory)).isDirectory()) throw missing('that is a file, not a folder')
  const hasFile = await stat(join(directory, 'site.yaml')).catch(() => null)
  const hasHistory = await stat(join(directory, '.wheelhouse')).catch(() => null)
  // A site whose site.yaml is gone still opens: that is when its backups are needed most.
  if (!hasFile && !hasHistory) throw missing('it holds no site.yaml')
  return directory
}
