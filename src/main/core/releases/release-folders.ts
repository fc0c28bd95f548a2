import { createHash } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, realpath, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { newId, readSwitchLink, removeSwitchLink, switchLink, syncFolder, writeDurably } from '#core/platform/index.ts'
import type { ReleaseRecord } from './release-record.ts'
import { readRecord } from './tables.ts'
import { siteFolderRelease } from './types.ts'

/** What is a release in `releases/`: the same names as on the command line; hidden folders are none. */
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
const prefix = 'release-'
const hiddenPrefix = `.wheelhouse-${prefix}`
const mostRecordBytes = 64 * 1024

/** What of the site folder is no code, when the site folder itself is the release. */
export const noCode: readonly string[] = ['.wheelhouse', 'data', 'logs', 'releases', 'current', 'site.yaml']

/** What `current` says: a release in `releases/`, a folder elsewhere, the site folder itself (there is none), or nothing usable. */
export type Current =
  | { readonly kind: 'release'; readonly id: string }
  | { readonly kind: 'elsewhere'; readonly id: string; readonly folder: string }
  | { readonly kind: 'site-folder'; readonly id: typeof siteFolderRelease }

/** Where releases, and what is written down of them, lie in a site. Renames only; reads no code. */
export class ReleaseFolders {
  readonly site: string
  readonly releases: string
  readonly #own: string
  readonly #records: string
  readonly #link: string

  /** `site`: real path of the site folder. */
  constructor(site: string) {
    this.site = site
    this.releases = join(site, 'releases')
    this.#own = join(site, '.wheelhouse')
    this.#records = join(this.#own, 'releases')
    this.#link = join(site, 'current')
  }

  /** What a release consists of, as it was written down. */
  listOf(id: string): string {
    return join(this.#records, `${fileNameOf(id)}.files.json`)
  }

  /** Names in `releases/` that are releases, and when each was made. */
  async present(): Promise<ReadonlyMap<string, number>> {
    const names = await readdir(this.releases).catch(() => [])
    const found = new Map<string, number>()
    for (const name of names) {
      if (!idPattern.test(name) || name === siteFolderRelease || name.startsWith('elsewhere-')) continue
      const there = await stat(join(this.releases, name)).catch(() => null)
      if (there?.isDirectory()) found.set(name, there.mtimeMs)
    }
    return found
  }

  async isThere(folder: string): Promise<boolean> {
    return (await stat(folder).catch(() => null))?.isDirectory() ?? false
  }

  async current(): Promise<Current> {
    const leads = await readSwitchLink(this.#link)
    if (leads === null) return { kind: 'site-folder', id: siteFolderRelease }
    const folder = leads === undefined ? this.#link : resolve(this.site, leads)
    if (dirname(folder) === this.releases && idPattern.test(relative(this.releases, folder)))
      return { kind: 'release', id: relative(this.releases, folder) }
    const real = await realpath(folder).catch(() => null)
    const home = await realpath(this.releases).catch(() => null)
    if (real !== null && home !== null && dirname(real) === home && idPattern.test(relative(home, real)))
      return { kind: 'release', id: relative(home, real) }
    const name = createHash('sha256').update(folder).digest('hex').slice(0, 8)
    return { kind: 'elsewhere', id: `elsewhere-${name}`, folder }
  }

  /** Makes `current` lead to a release, durably and in one step. */
  async switchTo(target: Current): Promise<void> {
    if (target.kind === 'site-folder') await removeSwitchLink(this.#link)
    else await switchLink(this.#link, target.kind === 'release' ? `releases/${target.id}` : target.folder)
  }

  /** An empty folder for bringing a release, on the disk of `releases/`, so that one rename makes it one. */
  async beginStaging(id: string): Promise<string> {
    const folder = await this.#besideReleases(`${id}-${newId('st')}`)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return folder
  }

  /** Moves the code into `releases/`, durably. */
  async moveIn(folder: string, id: string): Promise<void> {
    await mkdir(this.releases, { recursive: true, mode: 0o755 })
    await rename(folder, join(this.releases, id))
    await syncFolder(this.releases)
    await syncFolder(this.site)
  }

  /** Takes a release out of `releases/`, durably. Resolves with where it lies until it is removed. */
  async moveOut(id: string): Promise<string> {
    const aside = await this.#besideReleases(`${id}-${newId('st')}`)
    await mkdir(dirname(aside), { recursive: true, mode: 0o700 })
    await rename(join(this.releases, id), aside)
    await syncFolder(this.releases)
    return aside
  }

  /** What earlier runs of the console left on the way in or out. */
  async leftOvers(): Promise<readonly string[]> {
    const of = async (folder: string, start: string) =>
      (await readdir(folder).catch(() => [])).flatMap((name) => (name.startsWith(start) ? [join(folder, name)] : []))
    return [...(await of(join(this.#own, 'staging'), prefix)), ...(await of(this.releases, hiddenPrefix))]
  }

  /** Records that are written down in files, by id. */
  async records(): Promise<ReadonlyMap<string, ReleaseRecord>> {
    const found = new Map<string, ReleaseRecord>()
    for (const name of await readdir(this.#records).catch(() => [])) {
      if (!name.endsWith('.json') || name.endsWith('.files.json')) continue
      const path = join(this.#records, name)
      const there = await lstat(path).catch(() => null)
      if (!there?.isFile() || there.size > mostRecordBytes) continue
      const record = readRecord(await readFile(path, 'utf8').catch(() => ''))
      if (record && `${fileNameOf(record.id)}.json` === name) found.set(record.id, record)
    }
    return found
  }

  async writeRecord(record: ReleaseRecord): Promise<void> {
    await mkdir(this.#records, { recursive: true, mode: 0o700 })
    await writeDurably(join(this.#records, `${fileNameOf(record.id)}.json`), `${JSON.stringify(record, null, 1)}\n`)
  }

  /** Forgets what a release consisted of; and, when `all`, that there was one. */
  async forget(id: string, all: boolean): Promise<void> {
    await unlink(this.listOf(id)).catch(() => {})
    if (all) await unlink(join(this.#records, `${fileNameOf(id)}.json`)).catch(() => {})
  }

  /** Removes what was written down of releases that nobody knows, and what was being written when the console was killed. */
  async forgetOthers(known: ReadonlySet<string>): Promise<void> {
    const kept = new Set([...known].map((id) => `${fileNameOf(id)}.files.json`))
    for (const name of await readdir(this.#records).catch(() => [])) {
      const left = name.startsWith('.tmp-') || (name.endsWith('.files.json') && !kept.has(name))
      if (left) await unlink(join(this.#records, name)).catch(() => {})
    }
  }

  /** Prepares the folder for {@link listOf}. */
  async makeRecordsFolder(): Promise<void> {
    await mkdir(this.#records, { recursive: true, mode: 0o700 })
  }

  async #besideReleases(name: string): Promise<string> {
    const own = await stat(this.#own)
    const home = await stat(this.releases).catch(() => null)
    return home && home.dev !== own.dev
      ? join(this.releases, `${hiddenPrefix}${name}`)
      : join(this.#own, 'staging', `${prefix}${name}`)
  }
}

/** A name of a file that differs where ids differ, also where systems do not tell A from a. */
function fileNameOf(id: string): string {
  return /^[a-z0-9._-]+$/.test(id) ? id : `${id}-${createHash('sha256').update(id).digest('hex').slice(0, 8)}`
}
