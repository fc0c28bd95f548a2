import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '#core/platform/index.ts'
import { childOf } from '../documents.ts'
import type { Layer } from '../layers/layer.ts'
import { documentLayer } from './document-layer.ts'
import { tableLayer, tableName } from './table-layer.ts'

/** The most that a source may say, in bytes of UTF-8. */
export const longestSource = 1024 * 1024

/** Where values come from that are asked for elsewhere. */
export const askedSources = ['http', 'database'] as const
export type AskedSource = (typeof askedSources)[number]

const keptSchema = z.object({
  wheelhouse: z.literal(1),
  /** What said it, as people call it: an address, or a table of a database. */
  of: z.string(),
  /** Wall-clock milliseconds at which it came. */
  at: z.number(),
  etag: z.string().max(1_000).nullable(),
  text: z.string().max(longestSource),
})

/** An answer that was good, as it is kept for when there is none. */
export type KeptSource = Omit<z.infer<typeof keptSchema>, 'wheelhouse'>

/** The file of a site that holds the last good answer. */
export function keptSourceFile(directory: string, kind: AskedSource): string {
  return join(directory, '.wheelhouse', `config-${kind}.json`)
}

/** The last good answer; null when there is none of this address or table. What it would run is trusted no more than a site.yaml is. */
export async function readKeptSource(directory: string, kind: AskedSource, of: string): Promise<KeptSource | null> {
  const file = keptSourceFile(directory, kind)
  try {
    const found = await lstat(file)
    // A folder from elsewhere may hold a pipe or a link under this name. JSON may write one byte as six.
    if (!found.isFile() || found.size > longestSource * 6 + 10_000) return null
    const kept = keptSchema.parse(JSON.parse(await readFile(file, 'utf8')))
    return kept.of === of ? kept : null
  } catch {
    return null
  }
}

/** Resolves once it survives a power cut. */
export async function writeKeptSource(directory: string, kind: AskedSource, kept: KeptSource): Promise<void> {
  await writeDurably(keptSourceFile(directory, kind), `${JSON.stringify({ wheelhouse: 1, ...kept })}\n`)
}

/** What a source said as a layer; or why it is none, as the end of a sentence. */
export function sourceLayer(kind: AskedSource, kept: KeptSource): { readonly layer: Layer } | { readonly why: string } {
  const read = kind === 'http' ? documentLayer(kept.of, kept.text) : tableLayer(kept.of, kept.text)
  return 'why' in read ? read : { layer: { ...read.layer, at: kept.at } }
}

/** The layers that the last good answers of `sources` of a site.yaml are; null where there is none. */
export async function keptLayers(directory: string, document: unknown): Promise<Record<AskedSource, Layer | null>> {
  const sources = childOf(document, 'sources')
  const url = childOf(childOf(sources, 'http'), 'url')
  const service = childOf(childOf(sources, 'database'), 'of')
  const table = childOf(childOf(sources, 'database'), 'table')
  const layerOf = async (kind: AskedSource, of: unknown) => {
    const kept = typeof of === 'string' ? await readKeptSource(directory, kind, of) : null
    const read = kept && sourceLayer(kind, kept)
    return read && 'layer' in read ? read.layer : null
  }
  const named = typeof service === 'string' && typeof table === 'string' ? tableName({ service, table }) : null
  return { http: await layerOf('http', url), database: await layerOf('database', named) }
}
