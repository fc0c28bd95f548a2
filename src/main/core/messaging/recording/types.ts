import type { RecordedRow, RecordingView, Replay, ReplayPlan } from '#shared/contract/recordings.ts'
import type { RecordedMessage } from '#shared/message-lines.ts'
import type { Cause } from '#shared/vocabulary.ts'

/** Messages kept on disk under a name: recorded as they pass, imported, looked through, replayed. */
export interface Recordings extends AsyncDisposable {
  list(): readonly RecordingView[]
  /** Begins one. Rejects with `recordings-full` when all of them together have reached their bound, `filter-invalid`. */
  start(request: {
    readonly name: string
    readonly filter: string
    readonly text: string
    readonly messages: number
    readonly bytes: number
    readonly ms: number
    readonly cause: Cause
  }): Promise<{ readonly recording: string }>
  /** Ends one; resolves when all that it kept is on disk. */
  stop(recording: string, cause: Cause): Promise<void>
  /** Deletes one, in the background; it is not listed any more at once. */
  delete(recording: string, cause: Cause): Promise<void>
  page(query: {
    readonly recording: string
    readonly after: number
    readonly filter: string
    readonly text: string
    readonly from?: number | undefined
    readonly to?: number | undefined
    readonly limit: number
  }): Promise<{ readonly rows: RecordedRow[]; readonly next: number | null }>
  importBegin(name: string): Promise<{ readonly recording: string }>
  /** Adds messages to an import that has begun; gives how many it holds then. */
  importAdd(recording: string, messages: readonly RecordedMessage[]): Promise<number>
  /** Makes it a recording. Rejects with `import-incomplete` when it does not hold as many messages as were sent. */
  importEnd(recording: string, messages: number, cause: Cause): Promise<void>
  replayPlan(request: Replay): Promise<ReplayPlan>
  replay(request: Replay, cause: Cause): Promise<{ readonly job: string }>
}
