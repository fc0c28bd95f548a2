import type { Jobs } from '#core/jobs/index.ts'
import type { ReleaseDifferenceView } from '#shared/contract/releases.ts'
import { ConsoleError } from '#shared/problem.ts'
import { differenceInWords, releaseInWords } from '#shared/release-words.ts'
import { sizeInWords } from '#shared/size-words.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { ReleaseDifference, Releases } from './types.ts'

/** Reads a release again, as a job. Rejects with `release-unknown`, `release-gone` or `job-busy`. */
export async function verifyRelease(
  releases: Releases,
  jobs: Jobs,
  id: string,
  cause: Cause,
): Promise<{ job: string }> {
  const release = releases.get(id)
  const started = await jobs.start(
    {
      kind: 'release.verify',
      subject: `release:${id}`,
      title: `Check ${releaseInWords(release)}`,
      steps: [{ id: 'read', title: 'Read every file' }],
      cause,
      commandLine: `wheelhouse releases verify ${id}`,
      input: { release: id },
      lane: `release:${id}`,
      cancellable: true,
    },
    async ({ step, signal, progress, log }) => {
      const check = await step('read', () => releases.verify(id, { signal, onProgress: progress, cause }))
      const all = [
        ...check.missing.map((path) => `missing: ${path}`),
        ...check.changed.map((path) => `changed: ${path}`),
      ]
      for (const line of [...all, ...check.extra.map((path) => `besides: ${path}`)].slice(0, 500)) log(line)
      if (!check.ok)
        throw new ConsoleError(
          'release-damaged',
          check.sentence,
          'Do not go back to it. Bring it again from its source, or put the files right by hand and check again.',
          { params: { id } },
        )
      return { message: check.sentence }
    },
  )
  return { job: started.id }
}

/** Removes a release, as a job. Rejects with `release-in-use` and as {@link verifyRelease}. */
export async function removeRelease(
  releases: Releases,
  jobs: Jobs,
  id: string,
  cause: Cause,
): Promise<{ job: string }> {
  const release = releases.get(id)
  const started = await jobs.start(
    {
      kind: 'release.remove',
      subject: `release:${id}`,
      title: `Remove ${releaseInWords(release)}`,
      steps: [{ id: 'remove', title: 'Remove its files' }],
      cause,
      commandLine: `wheelhouse releases remove ${id}`,
      input: { release: id },
      lane: `release:${id}`,
      cancellable: false,
    },
    async ({ step }) => {
      await step('remove', () => releases.remove(id, cause))
      const freed = release.bytes === null ? '' : ` ${sizeInWords(release.bytes)} are free again.`
      return { message: `${releaseInWords(release)} was removed.${freed}` }
    },
  )
  return { job: started.id }
}

const mostShown = 2_000

/** Two releases compared, for the screen. `from` null: the active one. */
export async function compareReleases(
  releases: Releases,
  from: string | null,
  to: string,
  signal?: AbortSignal,
): Promise<ReleaseDifferenceView> {
  const first = from === null ? releases.active() : releases.get(from)
  releases.get(to)
  const difference = await releases.difference(first.id, to, { ...(signal && { signal }) })
  return differenceView(difference, first.id, to)
}

/** A difference with its words, cut to what a screen can show. */
export function differenceView(
  { added, removed, changed, unchanged }: ReleaseDifference,
  from: string,
  to: string,
): ReleaseDifferenceView {
  const counts = { added: added.length, removed: removed.length, changed: changed.length, unchanged }
  const shown = {
    added: added.slice(0, mostShown),
    removed: removed.slice(0, mostShown),
    changed: changed.slice(0, mostShown),
  }
  return {
    from,
    to,
    sentence: differenceInWords(counts),
    ...shown,
    unchanged,
    hidden:
      added.length + removed.length + changed.length - shown.added.length - shown.removed.length - shown.changed.length,
    commandLine: `wheelhouse releases diff ${from} ${to}`,
  }
}
