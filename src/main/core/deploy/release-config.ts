import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { commandsOf, type LoadedSite, readSiteText, type SiteDefinition, trustFingerprint } from '#core/config/index.ts'
import type { Release } from '#core/releases/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { DeployRecord } from './record.ts'
import type { DeployConfig } from './types.ts'

/** The configuration that goes with a release. */
export interface ReleaseConfig {
  /** The site's file as it is now. */
  readonly before: string
  /** As it will be; the same where the release brings none. */
  readonly after: string
  /** Checked with the release as its ground. */
  readonly checked: LoadedSite
  /** What it defines; null when it has mistakes that keep it from being used. */
  readonly definition: SiteDefinition | null
  /** What nobody has trusted yet; null when all of it is. */
  readonly trust: { readonly fingerprint: string; readonly commands: { of: string; command: string }[] } | null
}

/** Larger than any file that people write. */
const largest = 1024 * 1024

/**
 * The site's file with a release: what the release carries, for a release that was left what was in use then, else the one in use. Rejects with
 * the sentence of a file that cannot be read.
 */
export async function releaseConfig(
  release: Release,
  directory: string,
  earlier: string | null,
  config: DeployConfig,
): Promise<ReleaseConfig> {
  const now = await readSiteText(directory)
  const before = 'code' in now ? '' : now.text
  const after = earlier ?? (await carried(release, directory)) ?? before
  if (after === '' && 'code' in now) throw new ConsoleError(now.code, now.message, now.remedy)
  const checked = await config.check(after, release.folder)
  const definition = checked.valid ? checked.definition : null
  const trusted = definition === null || config.isTrusted(definition)
  return {
    before,
    after,
    checked,
    definition,
    trust: trusted
      ? null
      : {
          fingerprint: trustFingerprint(definition),
          commands: commandsOf(definition).map(({ of, command }) => ({ of, command })),
        },
  }
}

/** site.yaml in the root of the release; the site folder's own is no release's. */
async function carried({ folder }: Release, directory: string): Promise<string | null> {
  if (folder === directory) return null
  const file = join(folder, 'site.yaml')
  const found = await stat(file).catch(() => null)
  if (!found?.isFile()) return null
  if (found.size > largest) {
    throw new ConsoleError(
      'site-file-too-big',
      `The site.yaml of the release is ${(found.size / largest).toFixed(1)} MB large; it has at most 1 MB.`,
      'Keep data out of it, and deploy again.',
    )
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (error) {
    throw new ConsoleError(
      'site-file-unreadable',
      `The site.yaml of the release cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      'Save it as UTF-8, and deploy again.',
      { cause: error },
    )
  }
}

/**
 * The site's file as it was when a release was last left: what the first deploy after it that changed the file found. Null when none did.
 * `records`: newest first.
 */
export function configWhenLeft(release: string, records: readonly DeployRecord[]): string | null {
  const went = records.filter(({ standing }) => ['committed', 'probation'].includes(standing.phase))
  const left = went.findIndex(({ from }) => from === release)
  if (left < 0) return null
  return went.slice(0, left + 1).findLast(({ config }) => config !== null)?.config?.before ?? null
}

/** The snapshot of the data as they were when a release was last left. */
export function dataWhenLeft(release: string, records: readonly DeployRecord[]): DeployRecord | null {
  return (
    records.find(
      ({ from, restorePoint, standing }) =>
        from === release && restorePoint !== null && ['committed', 'probation'].includes(standing.phase),
    ) ?? null
  )
}
