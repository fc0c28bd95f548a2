import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { newId } from './ids.ts'

/**
 * Replaces a file so that after a power cut either the old or the new content is there, whole: temporary file in the same
 * folder, short writes completed, fsync, rename, fsync of the folder. Never call it on a database.
 */
export async function writeDurably(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `.${newId('tmp')}`)
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  let handle: FileHandle | undefined
  try {
    handle = await open(temporary, 'wx', mode)
    for (let written = 0; written < bytes.length; ) {
      written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten
    }
    await handle.sync()
    await handle.close()
    handle = undefined
    await rename(temporary, path)
  } catch (error) {
    await handle?.close().catch(() => {})
    await unlink(temporary).catch(() => {})
    throw error
  }
  await syncFolder(dirname(path))
}

/** A file that is written piece by piece and appears under its name only when it is whole. Disposing it before leaves nothing behind. */
export interface DurableFile extends AsyncDisposable {
  write(content: string | Uint8Array): Promise<void>
  /** Makes what was written survive a power cut, and gives it its name in place of what had it. */
  finish(): Promise<void>
}

/** Begins such a file, under a temporary name in the same folder; `temporary` where somebody else must know it. Never for a database. */
export async function beginDurably(
  path: string,
  mode = 0o600,
  temporary = join(dirname(path), `.${newId('tmp')}`),
): Promise<DurableFile> {
  const handle = await open(temporary, 'wx', mode)
  let state: 'open' | 'closed' | 'named' = 'open'
  const close = async () => {
    if (state !== 'open') return
    state = 'closed'
    await handle.close()
  }
  return {
    write: (content) => handle.appendFile(content),
    async finish() {
      await handle.sync()
      await close()
      await rename(temporary, path)
      state = 'named'
      await syncFolder(dirname(path))
    },
    async [Symbol.asyncDispose]() {
      await close().catch(() => {})
      if (state !== 'named') await unlink(temporary).catch(() => {})
    },
  }
}

/** Makes renames and new names in a folder survive a power cut. Windows has no such call and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
