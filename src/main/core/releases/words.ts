import { releaseInWords } from '#shared/release-words.ts'
import type { ManifestFaults } from './manifest.ts'
import type { Release } from './types.ts'

/** What a look at the files came to. `known`: there was something to compare with. */
export function checkSentence(
  release: Release,
  files: number,
  { missing, changed, extra }: ManifestFaults,
  known: boolean,
): string {
  const name = releaseInWords(release)
  if (!known)
    return `What ${name} consists of was not known before; its ${files} files are written down now, and later looks compare with that.`
  const besides = extra.length > 0 ? ` ${extra.length} files came besides, which is no fault.` : ''
  if (missing.length === 0 && changed.length === 0) return `All ${files} files of ${name} are as they were.${besides}`
  const told = [
    missing.length > 0 && `${missing.length} missing (${missing.slice(0, 3).join(', ')})`,
    changed.length > 0 && `${changed.length} changed (${changed.slice(0, 3).join(', ')})`,
  ].filter((part) => part !== false)
  return `Of the ${files} files of ${name}, ${told.join(', ')}.${besides}`
}
