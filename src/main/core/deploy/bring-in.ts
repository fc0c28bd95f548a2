import type { ReleaseSource } from '#core/releases/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { nameOf } from './plan.ts'
import type { DeployParts } from './types.ts'

export interface BringIn {
  readonly source: ReleaseSource
  /** Whether an archive without a manifest is taken. */
  readonly unproven: boolean
  readonly note: string
  readonly cause: Cause
}

/** Brings a source in as a job, and puts it beside the other releases. What was found bad before is refused; what is there already is named. */
export async function bringIn(
  request: BringIn,
  parts: Pick<DeployParts, 'jobs' | 'releases'>,
): Promise<{ readonly job: string }> {
  const { jobs, releases } = parts
  const { source, unproven, note, cause } = request
  const what = sourceWords(source)
  const { id } = await jobs.start(
    {
      kind: 'releases.prepare',
      subject: 'site',
      title: `Bring in ${what}`,
      steps: [
        { id: 'bring', title: 'Bring it in and check every file' },
        { id: 'adopt', title: 'Put it beside the other releases' },
      ],
      cause,
      commandLine: `wheelhouse deploy ${what}`,
      input: { source: { ...source } },
      lane: 'releases',
      cancellable: true,
    },
    async (context) => {
      const { signal, progress } = context
      const work = { signal, onProgress: progress, onLog: (line: string) => context.log(line), cause: context.cause }
      await using prepared = await context.step('bring', () => releases.prepare(source, { ...work, unproven }))
      for (const line of prepared.notes) context.log(line)
      const { known } = prepared
      if (known?.verdict?.verdict === 'bad') {
        throw new ConsoleError(
          'release-bad',
          `This is the same as ${known.id}, which proved bad and is not taken again: ${known.verdict.why}`,
          'Put it right, then deploy it again.',
          { params: { release: known.id } },
        )
      }
      if (known && known.state !== 'gone' && known.source.kind !== 'site-folder') {
        return { message: `This is ${nameOf(known)}, which is there already.`, data: { release: known.id } }
      }
      const release = await context.step('adopt', () =>
        releases.adopt(prepared, { ...work, operation: context.operation, note }),
      )
      return { message: `${nameOf(release)} is ready to be deployed.`, data: { release: release.id } }
    },
  )
  return { job: id }
}

function sourceWords(source: ReleaseSource): string {
  switch (source.kind) {
    case 'folder':
      return source.folder
    case 'archive':
      return source.file
    case 'git':
      return `${source.repository}#${source.ref}`
  }
}
