import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ConsoleError } from '#shared/problem.ts'

/** The file in the root of a source that says what belongs to the release. */
export const manifestName = 'wheelhouse-release.json'
/** About 200,000 files. */
export const mostManifestBytes = 64 * 1024 * 1024

const fileSchema = z.object({
  /** Hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
  /** Rights of Unix, octal: "644", or "755" for what is executed. */
  mode: z.string().regex(/^[0-7]{3}$/),
})
const linkSchema = z.object({ link: z.string().min(1).max(4_096) })

/** One file or link of a release. Folders are not listed: they are there for what they hold. */
export type ManifestEntry = z.infer<typeof fileSchema> | z.infer<typeof linkSchema>
/** By path below the root, with `/`. */
export type ManifestFiles = ReadonlyMap<string, ManifestEntry>

const entrySchema = z.union([fileSchema, linkSchema])

const manifestSchema = z.object({
  wheelhouse: z.literal(1),
  /** Id of the site that it is for. */
  site: z.string().min(1).max(100),
  version: z.string().min(1).max(100).nullable().default(null),
  /** What its author calls the layout of the data that it works with. */
  schema: z.string().min(1).max(100).nullable().default(null),
  /** When it was packed, ISO 8601. */
  made: z.string().max(40),
  /** Looked at one by one: a file may be called `__proto__`. */
  files: z.looseObject({}),
})

export interface Manifest {
  readonly site: string
  readonly version: string | null
  readonly schema: string | null
  readonly made: string
  readonly files: ManifestFiles
}

/** Throws `release-manifest` when it is none. */
export function readManifest(text: string): Manifest {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw untrue(`its ${manifestName} is no JSON (${error instanceof Error ? error.message : String(error)})`)
  }
  const told = manifestSchema.safeParse(parsed)
  if (told.success) return { ...told.data, files: entriesOf(parsed) }
  const [issue] = told.error.issues
  const where = issue?.path.join('.') || 'it'
  throw untrue(`its ${manifestName} cannot be understood: ${where}: ${issue?.message ?? 'not as documented'}`)
}

function entriesOf(parsed: unknown): ManifestFiles {
  const { files } = parsed as { readonly files: Readonly<Record<string, unknown>> }
  return new Map(
    Object.entries(files).map(([path, entry]) => {
      const told = entrySchema.safeParse(entry)
      if (!told.success) throw untrue(`its ${manifestName} cannot be understood: files.${path} is not as documented`)
      return [path, told.data]
    }),
  )
}

export function writeManifest({ files, ...rest }: Manifest): string {
  return `${JSON.stringify({ wheelhouse: 1, ...rest, files: Object.fromEntries(sorted(files)) }, null, 1)}\n`
}

/** Names exactly this content, wherever it comes from and whenever it was packed: sha256, hex. */
export function digestOf(files: ManifestFiles): string {
  const hash = createHash('sha256')
  for (const [path, entry] of sorted(files)) {
    const what = 'link' in entry ? ['link', entry.link] : ['file', entry.mode, entry.sha256]
    hash.update(`${JSON.stringify([path, ...what])}\n`)
  }
  return hash.digest('hex')
}

/** Files alone, not links. */
export function sizeOf(files: ManifestFiles): { readonly files: number; readonly bytes: number } {
  let bytes = 0
  for (const entry of files.values()) if ('size' in entry) bytes += entry.size
  return { files: files.size, bytes }
}

export interface ManifestFaults {
  readonly missing: readonly string[]
  readonly changed: readonly string[]
  readonly extra: readonly string[]
}

/** What is there against what a manifest says; sorted. `modes`: whether rights count, which they do not on Windows. */
export function compareFiles(said: ManifestFiles, found: ManifestFiles, modes = true): ManifestFaults {
  const missing: string[] = []
  const changed: string[] = []
  for (const [path, entry] of sorted(said)) {
    const there = found.get(path)
    if (!there) missing.push(path)
    else if (!sameEntry(entry, there, modes)) changed.push(path)
  }
  const extra = sorted(found).flatMap(([path]) => (said.has(path) ? [] : [path]))
  return { missing, changed, extra }
}

/** Throws `release-manifest`, naming what is not as the manifest says. */
export function assertTrue({ missing, changed, extra }: ManifestFaults): void {
  const told = [
    missing.length > 0 && `${named(missing)} missing`,
    changed.length > 0 && `${named(changed)} changed`,
    extra.length > 0 && `${named(extra)} not in it`,
  ].filter((text) => text !== false)
  if (told.length > 0)
    throw untrue(`it is not what its ${manifestName} says: ${told.join('; ')}`, { missing, changed, extra })
}

/** Throws `release-manifest` for another site's. */
export function assertFor({ site }: Pick<Manifest, 'site'>, wanted: string): void {
  if (site === wanted) return
  throw new ConsoleError(
    'release-manifest',
    `The release is for the site "${site}", and this site is "${wanted}". Nothing was changed.`,
    'Take the release that was packed for this site, or pack it again with --for.',
    { params: { site, wanted } },
  )
}

export function sameEntry(one: ManifestEntry, other: ManifestEntry, modes = true): boolean {
  if ('link' in one || 'link' in other) return 'link' in one && 'link' in other && one.link === other.link
  return one.sha256 === other.sha256 && one.size === other.size && (!modes || one.mode === other.mode)
}

function sorted(files: ManifestFiles): readonly (readonly [string, ManifestEntry])[] {
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1))
}

const mostNamed = 5

function named(paths: readonly string[]): string {
  const more = paths.length > mostNamed ? ` and ${paths.length - mostNamed} more` : ''
  return `${paths.slice(0, mostNamed).join(', ')}${more} ${paths.length === 1 ? 'is' : 'are'}`
}

function untrue(why: string, faults: Partial<ManifestFaults> = {}): ConsoleError {
  const params = Object.fromEntries(Object.entries(faults).map(([name, paths]) => [name, paths.slice(0, 1_000)]))
  return new ConsoleError(
    'release-manifest',
    `The release was refused: ${why}. Nothing was changed.`,
    'Copy it again from where it came from. Whoever changes files of a release packs it again (wheelhouse releases pack).',
    { params },
  )
}
