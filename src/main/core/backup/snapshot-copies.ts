import type { JobContext, JobOutcome, JobRequest } from '#core/jobs/index.ts'
import { shellWord } from '#shared/shell-word.ts'
import { sizeInWords } from '#shared/size-words.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Catalogue } from './catalogue.ts'
import { type ExportPlacePorts, makeExportsFolder, suggestedPlace } from './export-place.ts'
import type { Helper } from './program/engine-client.ts'
import { writtenPaths } from './restore-words.ts'
import { nameOf } from './views.ts'

interface Started {
  readonly job: string
}

/** Snapshots that leave the repository, or come into it. Each is a job; the site is not touched by any. */
export interface SnapshotCopies {
  /** Where a snapshot may well be exported to, or written into; null where nothing is known. */
  suggest(request: { readonly snapshot: string }): { readonly file: string | null; readonly folder: string | null }
  into(request: {
    readonly snapshot: string
    readonly paths: readonly string[] | null
    readonly folder: string
    readonly cause: Cause
  }): Promise<Started>
  export(request: {
    readonly snapshot: string
    readonly paths: readonly string[] | null
    readonly file: string
    readonly replace: boolean
    readonly cause: Cause
  }): Promise<Started>
  /** `folder`: unpacked there; null: made a snapshot. */
  import(request: {
    readonly file: string
    readonly note: string
    readonly folder: string | null
    readonly cause: Cause
  }): Promise<Started>
}

export interface SnapshotCopiesPorts {
  readonly catalogue: Catalogue
  readonly zone: string
  readonly place: ExportPlacePorts
  /** Throws while a copy is in use, into which nothing may be imported. */
  assertMain(what: string): void
  openCleaner(): Helper
  openLocked(context: JobContext, what: string, create: boolean): Promise<Helper>
  refresh(): Promise<void>
  start(
    request: Omit<JobRequest, 'cause' | 'lane'>,
    cause: Cause,
    run: (context: JobContext) => Promise<JobOutcome>,
  ): Promise<Started>
}

export function openSnapshotCopies({
  catalogue,
  zone,
  place,
  assertMain,
  openCleaner,
  openLocked,
  refresh,
  start,
}: SnapshotCopiesPorts): SnapshotCopies {
  /** Cancelling kills the helper, so what it had written is removed by another. */
  const wholly = async <T>(context: JobContext, to: string, write: () => Promise<T>): Promise<T> => {
    try {
      return await write()
    } catch (error) {
      await using cleaner = openCleaner()
      await cleaner
        .ask('clear-unfinished', { to, job: context.id })
        .catch((failure: unknown) => context.log(`What was written so far could not be removed: ${String(failure)}`))
      throw error
    }
  }
  return {
    suggest({ snapshot: id }) {
      const snapshot = catalogue.choose(id)
      return { file: suggestedPlace('export', snapshot, place), folder: suggestedPlace('into', snapshot, place) }
    },

    async into({ snapshot: id, paths, folder, cause }) {
      const snapshot = catalogue.choose(id)
      const name = nameOf(snapshot, zone)
      const request = {
        kind: 'backup.into',
        subject: `snapshot:${id}`,
        title: `Write ${name} into ${folder}`,
        steps: [{ id: 'write', title: 'Write the files and read them back' }],
        commandLine: `wheelhouse restore ${id}${writtenPaths(paths)} --into ${shellWord(folder)}`,
        input: { snapshot: id, folder },
        cancellable: true,
      }
      return start(request, cause, async (context) => {
        await using helper = await openLocked(context, `a copy of ${id}`, false)
        await makeExportsFolder(folder, place.exports)
        const what = { snapshot: id, top: null, paths: paths && [...paths], to: folder, most: null, job: context.id }
        const done = await context.step('write', () => wholly(context, folder, () => helper.ask('extract', what)))
        return { message: `${counted(done)} of ${name} are in ${folder}, read back.`, data: { folder, ...done } }
      })
    },

    async export({ snapshot: id, paths, file, replace, cause }) {
      const snapshot = catalogue.choose(id)
      const name = nameOf(snapshot, zone)
      const request = {
        kind: 'backup.export',
        subject: `snapshot:${id}`,
        title: `Export ${name}`,
        steps: [{ id: 'write', title: 'Write the archive' }],
        commandLine: `wheelhouse backups export ${id} ${shellWord(file)}${writtenPaths(paths)}`,
        input: { snapshot: id, file },
        cancellable: true,
      }
      return start(request, cause, async (context) => {
        await using helper = await openLocked(context, `an export of ${id}`, false)
        await makeExportsFolder(file, place.exports)
        const done = await context.step('write', () =>
          wholly(context, file, () =>
            helper.ask('export', { snapshot: id, paths: paths && [...paths], file, replace, job: context.id }),
          ),
        )
        return { message: `${counted(done)} in ${file}: ${name}.`, data: { file, ...done } }
      })
    },

    async import({ file, note, folder, cause }) {
      if (folder === null) assertMain('nothing is imported')
      const request = {
        kind: 'backup.import',
        subject: 'site',
        title: folder === null ? `Import ${file}` : `Unpack ${file}`,
        steps: [{ id: 'read', title: folder === null ? 'Unpack the archive and take it as a snapshot' : 'Unpack it' }],
        commandLine: `wheelhouse backups import ${shellWord(file)}${folder === null ? '' : ` --into ${shellWord(folder)}`}`,
        input: { file, folder },
        cancellable: true,
      }
      return start(request, cause, async (context) => {
        await using helper = await openLocked(context, `an import of ${file}`, folder === null)
        const skipped = (count: number) =>
          count === 0 ? '' : ` ${count} entries of .wheelhouse in it were passed over: they are the console’s own.`
        if (folder !== null) {
          const done = await context.step('read', () =>
            wholly(context, folder, () => helper.ask('unpack', { file, to: folder, job: context.id })),
          )
          return {
            message: `${counted(done)} of ${file} are in ${folder}.${skipped(done.skipped)}`,
            data: { folder, ...done },
          }
        }
        try {
          const done = await context.step('read', () => helper.ask('import', { file, note, job: context.id }))
          const files = done.files === 1 ? 'One file' : `${done.files} files`
          return {
            message: `${files} of ${file} are the snapshot ${done.snapshot} now; it is pinned. ${done.verified.note}${skipped(done.skipped)}`,
            data: { snapshot: done.snapshot },
          }
        } finally {
          await refresh()
        }
      })
    },
  }
}

function counted({ files, bytes }: { readonly files: number; readonly bytes: number }): string {
  return `${files === 1 ? 'One file' : `${files} files`}, ${sizeInWords(bytes)}`
}
