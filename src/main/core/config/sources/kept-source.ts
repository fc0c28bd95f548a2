import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '#core/platform/index.ts'
import { childOf } from '../documents.ts'
import { fileLayer, type Layer } from '../layers/layer.ts'
import { readYaml } from '../yaml-text.ts'

/** The most that a source may say, in bytes of UTF-8. */
export const longestSource = 1024 * 1024

const keptSchema = z.object({
  wheelhouse: z.literal(1),
  url: z.string(),
  /** Wall-clock milliseconds at which it came. */
  at: z.number(),
  etag: z.string().max(1_000).nullable(),
  text: z.string().max(longestSource),
})

/** An answer that was good, as it is kept for when there is none. */
export type KeptSource = Omit<z.infer<typeof keptSchema>, 'wheelhouse'>

/** The file of a site that holds the last good answer. */
export function keptSourceFile(directory: string): string {
  return join(directory, '.wheelhouse', 'config-http.json')
}

/** The last good answer of an address; null when there is none of it. What it would run is trusted no more than a site.yaml is. */
export async function readKeptSource(directory: string, url: string): Promise<KeptSource | null> {
  const file = keptSourceFile(directory)
  try {
    const found = await lstat(file)
    // A folder from elsewhere may hold a pipe or a link under this name. JSON may write one byte as six.
    if (!found.isFile() || found.size > longestSource * 6 + 10_000) return null
    const kept = keptSchema.parse(JSON.parse(await readFile(file, 'utf8')))
    return kept.url === url ? kept : null
  } catch {
    return null
  }
}

/** Resolves once it survives a power cut. */
export async function writeKeptSource(directory: string, kept: KeptSource): Promise<void> {
  await writeDurably(keptSourceFile(directory), `${JSON.stringify({ wheelhouse: 1, ...kept })}\n`)
}

/** What an address said as a layer; or why it is none, as the end of a sentence. */
export function sourceLayer({ url, text, at }: KeptSource): { readonly layer: Layer } | { readonly why: string } {
  const read = readYaml(text, url)
  if (!read.ok) return { why: read.problems[0]?.message ?? 'it cannot be read.' }
  if (typeof read.yaml.value !== 'object' || read.yaml.value === null || Array.isArray(read.yaml.value))
    return { why: 'its answer has no keys.' }
  return { layer: { ...fileLayer('http', url, url, read.yaml), at } }
}

/** The layer that the last good answer of `sources.http` of a site.yaml is; null when there is none. */
export async function keptLayer(directory: string, document: unknown): Promise<Layer | null> {
  const url = childOf(childOf(childOf(document, 'sources'), 'http'), 'url')
  const kept = typeof url === 'string' ? await readKeptSource(directory, url) : null
  const read = kept && sourceLayer(kept)
  return read && 'layer' in read ? read.layer : null
}
