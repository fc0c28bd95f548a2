import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LoadedSite, type LoadOptions, loadSite } from '#core/config/index.ts'
import { temporaryFolder } from './folders.ts'

/** Writes a site folder with this site.yaml and two scripts, `services/api.mjs` and `services/web.mjs`, and loads it. */
export async function loadText(yaml: string | Uint8Array, options: LoadOptions = {}): Promise<LoadedSite> {
  using folder = temporaryFolder()
  mkdirSync(join(folder.path, 'services'))
  for (const script of ['api.mjs', 'web.mjs']) writeFileSync(join(folder.path, 'services', script), '')
  writeFileSync(join(folder.path, 'site.yaml'), yaml)
  return await loadSite(folder.path, options)
}

/** A site.yaml of a site `lab` with this below its first two lines. */
export function siteText(body: string): string {
  return `wheelhouse: 1\nsite: lab\n${body}`
}

export function problemsOf(loaded: LoadedSite) {
  return loaded.valid ? [] : loaded.problems
}

export function codesOf(loaded: LoadedSite): string[] {
  return problemsOf(loaded).map(({ code }) => code)
}
