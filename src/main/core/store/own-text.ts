import { lstat, readFile } from 'node:fs/promises'

/** No record that the store keeps beside its databases comes near this. Bytes. */
const longest = 16 * 1024 * 1024

/**
 * Reads a record of the store. A folder from elsewhere may hold anything under its name: a pipe would be waited for, without an end.
 * Rejects with the system's error, or when it is no file of sensible length.
 */
export async function readOwnText(path: string): Promise<string> {
  const found = await lstat(path)
  if (!found.isFile()) throw new Error(`${path} is no file`)
  if (found.size > longest) throw new Error(`${path} is ${found.size} bytes long`)
  return await readFile(path, 'utf8')
}
