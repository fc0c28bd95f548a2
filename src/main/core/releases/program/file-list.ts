import { readFile, stat } from 'node:fs/promises'
import { writeDurably } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { type ManifestFiles, mostManifestBytes, readManifest, writeManifest } from '../manifest.ts'

/** What a release consists of, as the console writes it down: a manifest. */
export async function writeFileList(path: string, files: ManifestFiles): Promise<void> {
  await writeDurably(
    path,
    writeManifest({ site: '-', version: null, schema: null, made: new Date().toISOString(), files }),
  )
}

/** Rejects with `release-list` when it is not there or is damaged. */
export async function readFileList(path: string): Promise<ManifestFiles> {
  try {
    const there = await stat(path)
    // With room for what was installed.
    if (!there.isFile()) throw new Error('it is no file')
    if (there.size > 4 * mostManifestBytes) throw new Error(`it has ${there.size} bytes`)
    return readManifest(await readFile(path, 'utf8')).files
  } catch (error) {
    throw new ConsoleError(
      'release-list',
      `What the release consists of cannot be read from ${path}: ${error instanceof Error ? error.message : String(error)}.`,
      'Deploy the release again from its source; what is written down is made anew then.',
      { params: { path }, cause: error },
    )
  }
}
