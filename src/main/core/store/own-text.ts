import { lstat, readFile } from 'node:fs/promises'
import { z } from 'zod'

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

/**
 * A text out of such a record that is shown to a person. Whoever made the folder may have written anything there: it stays one
 * line of bounded length, without characters that hide, turn round or forge what stands beside it.
 */
export function toldText(mostCharacters: number) {
  return z.string().transform((text) => {
    const plain = text
      .slice(0, mostCharacters * 2)
      .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
      .replaceAll(/[\p{Cf}\p{Co}\p{Cs}]/gu, '')
      .trim()
    return plain.length > mostCharacters ? `${plain.slice(0, mostCharacters - 1)}…` : plain
  })
}

/** Wall-clock milliseconds that a date can be made of (https://tc39.es/ecma262/#sec-time-values-and-time-range). */
export const timeSchema = z.number().min(0).max(8.64e15)
