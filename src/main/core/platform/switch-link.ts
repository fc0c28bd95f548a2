import { lstat, readFile, readlink, rename, symlink, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { syncFolder, writeDurably } from './durable-file.ts'
import { newId } from './ids.ts'

/** What systems and file systems without links say. */
const noLinks = new Set(['EPERM', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP'])

/**
 * Makes a link lead to `target`, in one step: after a power cut it leads where it led before, or there. Where there are no links (Windows
 * without the right to make them, exFAT) a file takes its place that holds the path. Rejects with the system's error, and nothing changed then.
 */
export async function switchLink(path: string, target: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}-${newId('tmp')}`)
  try {
    if (process.platform === 'win32') throw Object.assign(new Error('no links'), { code: 'ENOSYS' })
    await symlink(target, temporary)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && noLinks.has(String(error.code)))) throw error
    await writeDurably(path, `${target}\n`, 0o644)
    return
  }
  try {
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  }
  await syncFolder(dirname(path))
}

/** Where such a link leads, as written in it; null when there is none, undefined when something else has its name. */
export async function readSwitchLink(path: string): Promise<string | null | undefined> {
  const found = await lstat(path).catch(() => null)
  if (!found) return null
  if (found.isSymbolicLink()) return readlink(path)
  if (found.isFile() && found.size <= 4_096) return (await readFile(path, 'utf8')).trim()
  return undefined
}

/** Takes such a link away, durably. */
export async function removeSwitchLink(path: string): Promise<void> {
  await unlink(path)
  await syncFolder(dirname(path))
}
