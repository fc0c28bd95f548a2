import { resolve } from 'node:path'
import { loadSite } from '#core/config/index.ts'
import { packRelease } from '#core/releases/index.ts'
import type { ReleaseDifferenceView, ReleaseView } from '#shared/contract/releases.ts'
import { ConsoleError } from '#shared/problem.ts'
import { sourceInWords } from '#shared/release-words.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { bytes, moment, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'
import { runJob } from './run-job.ts'

/** `wheelhouse releases`. */
export async function listReleases(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const { releases } = await reached.connection.calls.releases.list()
  const { site } = await firstState(reached.connection)
  show(context, { releases }, releasesText(releases, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** `wheelhouse releases verify ID…`. */
export async function verifyReleases(context: CommandContext, ids: readonly string[]): Promise<number> {
  await using reached = await context.reach('any')
  let code: number = exitCodes.done
  for (const release of ids)
    code = Math.max(code, await runJob(context, reached, await reached.connection.calls.releases.verify({ release })))
  return code
}

/** `wheelhouse releases remove ID…`. */
export async function removeReleases(context: CommandContext, ids: readonly string[]): Promise<number> {
  await using reached = await context.reach('any')
  let code: number = exitCodes.done
  for (const release of ids)
    code = Math.max(code, await runJob(context, reached, await reached.connection.calls.releases.remove({ release })))
  return code
}

/** `wheelhouse releases diff FROM [TO]`. */
export async function diffReleases(context: CommandContext, from: string, to: string | null): Promise<number> {
  await using reached = await context.reach('any')
  const asked = to === null ? { from: null, to: from } : { from, to }
  const difference = await reached.connection.calls.releases.difference(asked)
  show(context, difference, differenceText(difference))
  return exitCodes.done
}

/** `wheelhouse releases pin|unpin ID`. */
export async function pinRelease(context: CommandContext, release: string, pinned: boolean): Promise<number> {
  await using reached = await context.reach('any')
  await reached.connection.calls.releases.pin({ release, pinned })
  show(
    context,
    { release, pinned },
    pinned ? `${release} is kept until it is let go.` : `${release} may be removed again.`,
  )
  return exitCodes.done
}

/** `wheelhouse releases note ID TEXT`. */
export async function noteRelease(context: CommandContext, release: string, note: string): Promise<number> {
  await using reached = await context.reach('any')
  await reached.connection.calls.releases.note({ release, note })
  show(context, { release, note }, `The note stands beside ${release}.`)
  return exitCodes.done
}

/** `wheelhouse releases unmark ID`. */
export async function unmarkRelease(context: CommandContext, release: string): Promise<number> {
  await using reached = await context.reach('any')
  await reached.connection.calls.releases.unmark({ release })
  show(context, { release }, `${release} may be chosen again.`)
  return exitCodes.done
}

export interface PackOptions {
  readonly to?: string
  readonly releaseVersion?: string
  readonly schema?: string
  readonly for?: string
  readonly replace?: boolean
}

/** `wheelhouse releases pack FOLDER`. Opens no site. */
export async function packFolder(
  context: CommandContext,
  folder: string,
  options: PackOptions,
  siteFolder: () => Promise<string>,
): Promise<number> {
  const from = resolve(folder)
  const site = options.for ?? (await siteIdIn(from)) ?? (await siteIdIn(await siteFolder()))
  if (!site)
    throw new ConsoleError(
      'release-for-unknown',
      'It is not known which site the release is for.',
      'Name the id of the site: --for ID, as site.yaml says it.',
    )
  const packed = await packRelease({
    folder: from,
    file: options.to === undefined ? null : resolve(options.to),
    replace: options.replace ?? false,
    site,
    version: options.releaseVersion ?? null,
    schema: options.schema ?? null,
    made: new Date(),
  })
  const said = `${packed.files} files (${bytes(packed.bytes)}) of ${from} for ${site} are in ${packed.file} (${bytes(packed.packed)}).`
  show(context, packed, [said, `Digest: ${packed.digest}`, ...packed.notes].join('\n'))
  return exitCodes.done
}

async function siteIdIn(folder: string): Promise<string | null> {
  try {
    const loaded = await loadSite(folder, { profile: null })
    return loaded.valid ? loaded.definition.id : loaded.id
  } catch {
    return null
  }
}

export function releasesText(releases: readonly ReleaseView[], zone: string): string {
  const rows = releases.map((release) => [
    release.state === 'active' ? `${release.id} *` : release.id,
    release.state === 'active' ? 'active' : release.state,
    release.verdict?.verdict.toUpperCase() ?? '',
    release.version ?? '',
    moment(release.at, zone),
    release.files === null ? '' : String(release.files),
    release.bytes === null ? '' : bytes(release.bytes),
    release.pinned ? 'pinned' : '',
    sourceInWords(release),
  ])
  const heads = ['RELEASE', 'STATE', 'VERDICT', 'VERSION', 'SINCE', 'FILES', 'SIZE', '', 'FROM']
  const said = releases.flatMap(({ id, verdict, verified, note }) => [
    ...(verdict?.verdict === 'bad' ? [`${id} is bad: ${verdict.why}`] : []),
    ...(verified?.ok === false ? [`${id}: ${verified.sentence}`] : []),
    ...(note ? [`${id}: ${note}`] : []),
  ])
  return [table(heads, rows, ['FILES', 'SIZE']), ...said].join('\n')
}

export function differenceText({ from, to, sentence, added, changed, removed, hidden }: ReleaseDifferenceView): string {
  const lines = [
    ...added.map(({ path, bytes: size }) => `+ ${path} (${bytes(size)})`),
    ...changed.map(({ path, bytes: size, before }) => `~ ${path} (${bytes(before)} → ${bytes(size)})`),
    ...removed.map(({ path, bytes: size }) => `- ${path} (${bytes(size)})`),
  ]
  const more = hidden > 0 ? [`… and ${hidden} more.`] : []
  return [`From ${from} to ${to}. ${sentence}`, ...lines, ...more].join('\n')
}
