import type { ReleaseView } from './contract/releases.ts'

/** Where a release came from: "main of https://…, commit 1a2b3c4". */
export function sourceInWords({ source, commit }: Pick<ReleaseView, 'source' | 'commit'>): string {
  switch (source.kind) {
    case 'folder':
      return `folder ${source.folder}`
    case 'archive':
      return `archive ${source.file}`
    case 'git':
      return `${source.ref} of ${source.repository}${commit ? `, commit ${commit.slice(0, 7)}` : ''}`
    case 'found':
      return 'was there already'
    case 'elsewhere':
      return `lies in ${source.folder}`
    case 'site-folder':
      return 'the site folder itself'
  }
}

/** "r7 (1.4.2)"; "the site folder". */
export function releaseInWords({ id, version, source }: Pick<ReleaseView, 'id' | 'version' | 'source'>): string {
  if (source.kind === 'site-folder') return 'the site folder'
  return version ? `${id} (${version})` : id
}

/** "3 files added, 1 changed, 2 removed; 40 the same." */
export function differenceInWords(counts: {
  readonly added: number
  readonly changed: number
  readonly removed: number
  readonly unchanged: number
}): string {
  const { added, changed, removed, unchanged } = counts
  if (added + changed + removed === 0) return `No file differs; ${unchanged} are the same.`
  const parts = [
    added > 0 && `${added} added`,
    changed > 0 && `${changed} changed`,
    removed > 0 && `${removed} removed`,
  ].filter((part) => part !== false)
  return `Files: ${parts.join(', ')}; ${unchanged} the same.`
}
