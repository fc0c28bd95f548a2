import { stat } from 'node:fs/promises'
import { ConsoleError } from '#shared/problem.ts'

/**
 * The desktop opens a folder in the file manager, but a file with whatever program is registered for it, also by running it. What
 * a site has under these names is its own affair, so it is looked at first. Rejects with `folder-missing`.
 */
export async function assertFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found?.isDirectory()) return
  throw new ConsoleError(
    'folder-missing',
    found ? `${path} is not a folder, so it is not opened.` : `There is no folder ${path} yet, or it cannot be read.`,
    found ? 'Look at it with care: this name belongs to a folder.' : 'It is made when something is first put there.',
    { params: { path } },
  )
}
