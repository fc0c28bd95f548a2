import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/**
 * Opens a log to read it. Undefined when there is none, or when what bears its name is no file: opening a pipe would wait for ever, and
 * a few of those would hold up every other file of the console.
 */
export async function openLog(path: string): Promise<FileHandle | undefined> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    if ((await handle.stat()).isFile()) return handle
  } catch (error) {
    await handle?.close()
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  await handle.close()
  return undefined
}
