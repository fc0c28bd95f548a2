import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '#core/platform/index.ts'
import { type ConfigSources, sourcesSchema } from './sources.ts'

const fileSchema = z.object({ wheelhouse: z.literal(1), at: z.number(), sources: sourcesSchema })

/** The version that was in use last, and since when (wall-clock milliseconds). */
export interface LastGood {
  readonly at: number
  readonly sources: ConfigSources
}

/** A site.yaml of 1 MB and 32 files of 1 MB, as JSON. */
const longest = 80 * 1024 * 1024

/**
 * The version that was in use last, from `.wheelhouse/last-good.json`: it must be known before the store is open, and also when that is
 * damaged. Null when there is none, or none that can be read. What it would run is trusted no more than a site.yaml is.
 */
export async function readLastGood(own: string): Promise<LastGood | null> {
  const file = join(own, name)
  try {
    const found = await lstat(file)
    // A folder from elsewhere may hold a pipe or a link under this name.
    if (!found.isFile() || found.size > longest) return null
    return fileSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return null
  }
}

/** Resolves once it survives a power cut. */
export async function writeLastGood(own: string, { at, sources }: LastGood): Promise<void> {
  await writeDurably(join(own, name), `${JSON.stringify({ wheelhouse: 1, at, sources })}\n`)
}

const name = 'last-good.json'
