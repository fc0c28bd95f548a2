import { basename, dirname, join } from 'node:path'
import { runPack } from './program/pack-run.ts'
import { releaseLimits } from './releases.ts'

export interface PackedRelease {
  readonly file: string
  readonly digest: string
  readonly files: number
  /** Of the files, and of the archive. */
  readonly bytes: number
  readonly packed: number
  readonly notes: readonly string[]
}

/**
 * Writes a folder as a `.tar.gz` with its manifest, for a process that has no site open: it reads what may be databases. `file` null: beside
 * the folder. Rejects with `release-source-missing`, `release-refused`, `release-file-exists`, `release-not-packed`.
 */
export async function packRelease(request: {
  readonly folder: string
  readonly file: string | null
  readonly replace: boolean
  readonly site: string
  readonly version: string | null
  readonly schema: string | null
  readonly made: Date
}): Promise<PackedRelease> {
  const { folder, site, version, schema, replace, made } = request
  const name = `${site}-${(version ?? basename(folder)).replace(/[^A-Za-z0-9._-]/g, '-')}.tar.gz`
  const file = request.file ?? join(dirname(folder), name)
  const { entries, bytes } = releaseLimits
  const packed = await runPack(
    { folder, file, replace, site, version, schema, made: made.toISOString(), limits: { entries, bytes } },
    { progress: () => {}, log: () => {} },
  )
  return { ...packed, file }
}
