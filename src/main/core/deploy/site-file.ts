import { readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from '#core/platform/index.ts'

/** Writes the site's file, with the rights that it has, unless that is what is there. Resolves with what was there; null: none. */
export async function putSiteFile(directory: string, text: string): Promise<string | null> {
  const named = join(directory, 'site.yaml')
  const file = await realpath(named).catch(() => named)
  const there = await readFile(file, 'utf8').catch(() => null)
  if (there === text) return there
  const mode = (await stat(file).catch(() => null))?.mode ?? 0o644
  await writeDurably(file, text, mode & 0o777)
  return there
}
