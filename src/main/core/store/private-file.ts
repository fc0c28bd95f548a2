import { open } from 'node:fs/promises'

/**
 * Makes sure that a database file which SQLite is about to open is readable by its user alone; SQLite gives the log files
 * beside it the same mode. A file that exists is not opened, so that no lock which this process holds on it is dropped.
 */
export async function makePrivateFile(path: string): Promise<'made' | 'there'> {
  try {
    await (await open(path, 'wx', 0o600)).close()
    return 'made'
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return 'there'
    throw error
  }
}
