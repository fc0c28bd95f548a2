import { createHash } from 'node:crypto'
import { realpath, stat } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import type { KeepRules } from '#shared/contract/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { checkSite, readSiteText, type SiteDefinition, withKeep } from './config/index.ts'
import type { EventLog } from './events/index.ts'
import { checkDevices, checkRoutes } from './messaging/index.ts'
import { writeDurably } from './platform/index.ts'
import { checkPolicies } from './recovery/index.ts'

export interface SiteKeepParts {
  /** The site's folder. */
  readonly directory: string
  readonly profile: string | null
  readonly events: EventLog
  readonly definition: () => SiteDefinition | null
  /** Throws when nothing of the site may be written now, as during a restore. */
  readonly assertWritable: () => void
  /** Reads site.yaml again. */
  readonly reload: (cause: Cause) => Promise<unknown>
}

/**
 * Writes other rules of keeping into site.yaml and puts them to use. Nothing is removed by that; the next scheduled backup does it. Rejects
 * with `retention-empty`, with what is wrong with the file, and when a profile overrules what was written.
 */
export async function saveKeep(parts: SiteKeepParts, keep: KeepRules, cause: Cause): Promise<void> {
  if (Object.values(keep).every((count) => count === 0)) {
    throw new ConsoleError(
      'retention-empty',
      'These rules would keep no snapshot at all, so they are not taken.',
      'Keep at least one: the last one, or one of a day.',
    )
  }
  parts.assertWritable()
  const { directory, profile, events } = parts
  const site = await readSiteText(directory)
  if ('code' in site) throw new ConsoleError(site.code, site.message, site.remedy)
  const text = withKeep(site.text, keep)
  const before = parts.definition()?.backup.keep ?? null
  if (text !== site.text) {
    const sha256 = createHash('sha256').update(text).digest('hex')
    const loaded = await checkSite(
      directory,
      { ...site, text, sha256 },
      { profile, checkDevices, checkRoutes, checkPolicies },
    )
    const known = loaded.valid ? [] : loaded.problems.filter(({ message }) => message.includes('backup'))
    if (known[0]) throw new ConsoleError(known[0].code, known[0].message, known[0].remedy)
    const file = await realpath(site.file)
    await writeDurably(file, text, (await stat(file)).mode & 0o777)
  }
  const event = await events.record({
    kind: 'config.keep-changed',
    subject: 'backups',
    severity: 'notice',
    message: 'The rules of keeping were changed in site.yaml; the next scheduled backup applies them.',
    cause,
    data: { file: site.file, before, after: keep },
  })
  await parts.reload(event.cause)
  const now = parts.definition()?.backup.keep
  if (now && !isDeepStrictEqual({ ...now }, { ...keep })) {
    throw new ConsoleError(
      'keep-overruled',
      'The rules were written into site.yaml, but a profile in it has other ones, and those are in use.',
      `Change them below profiles in ${site.file}.`,
    )
  }
}
