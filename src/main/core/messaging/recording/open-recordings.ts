import type { EventLog } from '#core/events/index.ts'
import type { Jobs } from '#core/jobs/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import type { Slice, StateHub } from '#core/state/index.ts'
import type { SqlValue, Store } from '#core/store/index.ts'
import { sparse } from '#shared/brought.ts'
import type { RecordingView, Replay } from '#shared/contract/recordings.ts'
import type { RecordedMessage } from '#shared/message-lines.ts'
import { ConsoleError } from '#shared/problem.ts'
import { sizeInWords } from '#shared/size-words.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { messagingEvents } from '../event-kinds.ts'
import type { RecordingCounts } from '../protocol.ts'
import { insertRows } from '../tables.ts'
import { bytesOf } from '../targets.ts'
import type { RecorderPort } from '../types.ts'
import { recordedPage } from './recorded-page.ts'
import { RecordingBook, type RecordingRow, viewOf } from './recording-book.ts'
import { planReplay, replayRequest, runReplay } from './replay.ts'
import { recordedTable } from './tables.ts'
import type { Recordings } from './types.ts'

/** What all recordings may hold together. */
const mostMessages = 3_000_000
const mostBytes = 1024 ** 3
const mostRecordings = 200

/** How often the counts of those under way are noted, how long an import may be silent, and how long an end may take. */
const noteMs = 5_000
const importSilenceMs = 10 * 60_000
const endMs = 10_000

export interface RecordingsParts {
  readonly store: Pick<Store, 'messages'>
  readonly recorder: RecorderPort
  readonly jobs: Jobs
  readonly events: EventLog
  readonly state: StateHub
  readonly clock: Clock
  readonly logger: Logger
}

/** Opens the recordings: those that were under way when the console ended go on, what was half imported or half deleted is deleted. */
export async function openRecordings(parts: RecordingsParts): Promise<Recordings> {
  const recordings = new SiteRecordings(parts)
  recordings.takeUp()
  return recordings
}

class SiteRecordings implements Recordings {
  readonly #parts: RecordingsParts
  readonly #book: RecordingBook
  readonly #slice: Slice<RecordingView>
  readonly #rows = new Map<number, RecordingRow>()
  readonly #unsaved = new Set<number>()
  /** Messages of recordings that are on their way to the disk. */
  readonly #pending = new Map<number, number>()
  readonly #ending = new Map<number, PromiseWithResolvers<void>>()
  readonly #importing = new Map<number, Disposable>()
  readonly #over = new AbortController()
  readonly #listening: readonly Disposable[]
  #removing: Promise<void> = Promise.resolve()
  #note: Disposable

  constructor(parts: RecordingsParts) {
    this.#parts = parts
    this.#book = new RecordingBook(parts.store.messages)
    this.#slice = parts.state.slice('recordings')
    this.#listening = [
      parts.store.messages.onReplaced(() => this.#replaced()),
      parts.recorder.onCounts((counts) => {
        for (const one of counts) this.#count(one)
      }),
      parts.recorder.onRestart(() => {
        for (const row of this.#rows.values()) {
          if (row.state === 'recording') this.#set({ ...row, gaps: row.gaps + 1 })
        }
      }),
    ]
    this.#note = parts.clock.after(noteMs, () => void this.#noteAll())
  }

  takeUp(): void {
    for (const row of this.#book.all()) {
      this.#rows.set(row.id, row)
      if (row.state === 'importing' || row.state === 'deleted') this.#remove(row)
      else this.#show(row)
      if (row.state === 'recording') void this.#goOn(row)
    }
    this.#removing = this.#removing
      .then(() => this.#findStrays())
      .catch((error: unknown) => {
        if (this.#over.signal.aborted) return
        this.#parts.logger.warn(
          `Whether messages of recordings lie about without an entry is not known: ${String(error)}.`,
        )
      })
  }

  list(): readonly RecordingView[] {
    return [...this.#rows.values()].flatMap((row) => viewOf(row) ?? [])
  }

  async start(request: Parameters<Recordings['start']>[0]): Promise<{ readonly recording: string }> {
    const room = this.#room()
    const now = this.#parts.clock.wall()
    const row = newRow(request.name, now, {
      filter: request.filter,
      text: request.text,
      state: 'recording',
      most_messages: Math.min(request.messages, room.messages),
      most_bytes: Math.min(request.bytes, room.bytes),
      until_at: now + request.ms,
    })
    const id = await this.#book.add(row)
    this.#set({ ...row, id })
    this.#order({ ...row, id })
    this.#tell('recordingStarted', { ...row, id }, `Recording ${row.name} began on ${row.filter}.`, request.cause)
    return { recording: `r${id}` }
  }

  async stop(recording: string, cause: Cause): Promise<void> {
    const row = this.#find(recording)
    if (row.state !== 'recording') return
    const ended = this.#ending.get(row.id) ?? Promise.withResolvers<void>()
    this.#ending.set(row.id, ended)
    this.#parts.recorder.end(row.id)
    // A thread that is away tells nothing: what it had kept is on disk.
    const patience = this.#parts.clock.after(endMs, () => ended.resolve())
    await ended.promise
    patience[Symbol.dispose]()
    this.#ending.delete(row.id)
    this.#parts.recorder.forget(row.id)
    const now = this.#rows.get(row.id)
    const pending = this.#pending.get(row.id) ?? 0
    const why = pending > 0 ? `${pending} more had not reached the disk when it was stopped.` : null
    if (now?.state === 'recording') await this.#complete(now, why, cause)
  }

  async delete(recording: string, cause: Cause): Promise<void> {
    const row = this.#find(recording)
    if (row.state === 'recording') {
      this.#parts.recorder.end(row.id)
      this.#parts.recorder.forget(row.id)
    }
    await this.#book.save({ ...row, state: 'deleted' })
    this.#tell('recordingDeleted', row, `Recording ${row.name} was deleted.`, cause)
    this.#remove(row)
  }

  page(query: Parameters<Recordings['page']>[0]): ReturnType<Recordings['page']> {
    const { id } = this.#find(query.recording)
    return recordedPage(this.#parts.store.messages, { ...query, recording: id }, () => this.#parts.clock.monotonic())
  }

  async importBegin(name: string): Promise<{ readonly recording: string }> {
    const room = this.#room()
    const row = newRow(name, this.#parts.clock.wall(), {
      filter: '#',
      text: '',
      state: 'importing',
      imported: 1,
      most_messages: Math.min(1_000_000, room.messages),
      most_bytes: Math.min(512 * 1024 ** 2, room.bytes),
      until_at: 0,
    })
    const id = await this.#book.add(row)
    this.#set({ ...row, id })
    this.#awaitImport(id)
    return { recording: `r${id}` }
  }

  async importAdd(recording: string, messages: readonly RecordedMessage[]): Promise<number> {
    const row = this.#find(recording, 'importing')
    this.#awaitImport(row.id)
    const rows = messages.map(importedRow)
    const values = rows.flatMap((imported) => [row.id, ...imported.values])
    const bytes = rows.reduce((all, imported) => all + imported.bytes, 0)
    if (row.messages + messages.length > row.most_messages || row.bytes + bytes > row.most_bytes) {
      this.#remove(row)
      throw new ConsoleError(
        'recordings-full',
        `The import is larger than a recording may be: ${row.most_messages} messages, ${row.most_bytes} bytes. Nothing was imported.`,
        'Delete recordings that are no longer needed, or import a part of the file.',
      )
    }
    await this.#parts.store.messages.write(insertRows(recordedTable, values), 'recording')
    const now = this.#find(recording, 'importing')
    const added = { ...now, messages: now.messages + messages.length, bytes: now.bytes + bytes }
    this.#set(added)
    return added.messages
  }

  async importEnd(recording: string, messages: number, cause: Cause): Promise<void> {
    const row = this.#find(recording, 'importing')
    if (row.messages !== messages) {
      this.#remove(row)
      throw new ConsoleError(
        'import-incomplete',
        `${messages} messages were to be imported and ${row.messages} arrived. Nothing was imported.`,
        'Import the file again.',
        { retryable: true },
      )
    }
    this.#importing.get(row.id)?.[Symbol.dispose]()
    this.#importing.delete(row.id)
    await this.#complete(row, null, cause)
  }

  async replayPlan(request: Replay): ReturnType<Recordings['replayPlan']> {
    const row = this.#find(request.recording)
    return planReplay(this.#parts, row, request)
  }

  async replay(request: Replay, cause: Cause): Promise<{ readonly job: string }> {
    const row = this.#find(request.recording)
    const plan = await planReplay(this.#parts, row, request)
    if (plan.refusal !== null) {
      throw new ConsoleError('replay-not-now', plan.refusal, 'Correct it, then replay again.', { retryable: true })
    }
    const { id } = await this.#parts.jobs.start(replayRequest(row, request, plan, cause), (context) =>
      runReplay(this.#parts, row, request, plan, context),
    )
    return { job: id }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort()
    this.#note[Symbol.dispose]()
    for (const listening of this.#listening) listening[Symbol.dispose]()
    for (const silence of this.#importing.values()) silence[Symbol.dispose]()
    await this.#removing
    await this.#save().catch(() => {})
  }

  /** Messages that are there without an entry get one again: what was recorded is not lost with a line of a list. */
  async #findStrays(): Promise<void> {
    for (const { id, first, last, messages, bytes } of await this.#book.strays()) {
      if (this.#rows.has(id) || this.#over.signal.aborted) continue
      const given = { filter: '#', text: '', state: 'complete', most_messages: messages, most_bytes: bytes } as const
      const found: RecordingRow = {
        ...newRow(`Found again ${id}`, first, { ...given, until_at: last }),
        id,
        ended_at: last,
        messages,
        bytes,
        why: 'Its entry was missing from the database; what it had kept was found again.',
      }
      this.#set(found)
      await this.#book.save(found)
      this.#parts.logger.warn(`${found.name}: ${messages} recorded messages had no entry in the list of recordings.`)
    }
  }

  /** One that was under way when the console ended: what was noted of it last may be behind what is on disk. */
  async #goOn(row: RecordingRow): Promise<void> {
    const counted = await this.#book.counted(row.id).catch(() => ({}))
    const now = this.#rows.get(row.id)
    if (now?.state !== 'recording' || this.#over.signal.aborted) return
    const goesOn = { ...now, ...counted, gaps: now.gaps + 1 }
    this.#set(goesOn)
    this.#order(goesOn)
  }

  /** Another file took the place of the database: what is not in it is gone. */
  #replaced(): void {
    const there = new Map(this.#book.all().map((row) => [row.id, row]))
    for (const row of this.#rows.values()) {
      const kept = there.get(row.id)
      if (kept) this.#set(row.state === 'recording' ? row : kept)
      else {
        this.#parts.recorder.end(row.id)
        this.#parts.recorder.forget(row.id)
        this.#rows.delete(row.id)
        this.#unsaved.delete(row.id)
        this.#slice.delete(`r${row.id}`)
      }
    }
  }

  /** What the data plane is to keep. */
  #order(row: RecordingRow): void {
    const { id, filter, text, messages, bytes, lost } = row
    const most = { messages: row.most_messages, bytes: row.most_bytes, until: row.until_at }
    this.#parts.recorder.record({ id, filter, text, messages, bytes, lost, most })
  }

  #count({ id, messages, pending, bytes, lost, ended }: RecordingCounts): void {
    const row = this.#rows.get(id)
    if (pending > 0) this.#pending.set(id, pending)
    else this.#pending.delete(id)
    // Stopped while the disk took nothing: what was on its way has come there after all, or is lost.
    if (row?.state === 'complete' && ended !== null && row.imported === 0)
      this.#set({ ...row, messages, bytes, lost, why: null })
    if (row?.state !== 'recording') return
    const counted = { ...row, messages, bytes, lost }
    this.#set(counted)
    if (ended === null) return
    const waiting = this.#ending.get(id)
    if (waiting) {
      waiting.resolve()
      return
    }
    const cause: Cause = { type: 'observation', what: 'the recording reached its bound' }
    this.#complete(counted, whyEnded(ended, row), cause).catch((error: unknown) =>
      this.#parts.logger.warn(`The end of recording ${row.name} could not be stored: ${String(error)}.`),
    )
  }

  async #complete(row: RecordingRow, why: string | null, cause: Cause): Promise<void> {
    const complete: RecordingRow = { ...row, state: 'complete', ended_at: this.#parts.clock.wall(), why }
    // Until it is written it is tried again with what else is noted.
    this.#set(complete)
    await this.#book.save(complete)
    if (this.#rows.get(row.id) === complete) this.#unsaved.delete(row.id)
    const verb = row.imported === 0 ? 'ended' : 'was imported'
    this.#tell(
      'recordingEnded',
      complete,
      `Recording ${row.name} ${verb}: ${row.messages} messages. ${why ?? ''}`.trim(),
      cause,
    )
  }

  #find(recording: string, state?: RecordingRow['state']): RecordingRow {
    const row = this.#rows.get(Number(recording.slice(1)))
    if (row && row.state !== 'deleted' && (state === undefined || row.state === state)) return row
    throw new ConsoleError(
      'recording-unknown',
      state === 'importing' ? `There is no import ${recording} under way.` : `There is no recording ${recording}.`,
      'Choose one of the list: `wheelhouse recording list`.',
      { params: { recording } },
    )
  }

  /** What is left for one more. Throws `recordings-full`. */
  #room(): { readonly messages: number; readonly bytes: number } {
    let messages = mostMessages
    let bytes = mostBytes
    for (const row of this.#rows.values()) {
      messages -= row.state === 'recording' ? row.most_messages : row.messages
      bytes -= row.state === 'recording' ? row.most_bytes : row.bytes
    }
    if (messages > 0 && bytes > 0 && this.#rows.size < mostRecordings) return { messages, bytes }
    throw new ConsoleError(
      'recordings-full',
      'The recordings together hold, or may come to hold, as much as they may: 3,000,000 messages or 1 GiB.',
      'Delete recordings that are no longer needed, or stop those under way.',
    )
  }

  #awaitImport(id: number): void {
    this.#importing.get(id)?.[Symbol.dispose]()
    const silence = this.#parts.clock.after(importSilenceMs, () => {
      const row = this.#rows.get(id)
      if (row?.state === 'importing') this.#remove(row)
    })
    this.#importing.set(id, silence)
  }

  #remove(row: RecordingRow): void {
    this.#importing.get(row.id)?.[Symbol.dispose]()
    this.#importing.delete(row.id)
    this.#rows.delete(row.id)
    this.#unsaved.delete(row.id)
    this.#slice.delete(`r${row.id}`)
    this.#removing = this.#removing
      .then(() => this.#book.remove(row.id, this.#over.signal))
      .catch((error: unknown) => {
        if (this.#over.signal.aborted) return
        this.#parts.logger.warn(`Recording ${row.name} is deleted at the next start: ${String(error)}.`)
      })
  }

  #set(row: RecordingRow): void {
    this.#rows.set(row.id, row)
    this.#unsaved.add(row.id)
    this.#show(row)
  }

  #show(row: RecordingRow): void {
    const view = viewOf(row)
    if (view) this.#slice.set(view.id, view)
  }

  async #noteAll(): Promise<void> {
    await this.#save().catch((error: unknown) =>
      this.#parts.logger.warn(`How far recordings have come could not be stored: ${String(error)}.`),
    )
    if (!this.#over.signal.aborted) this.#note = this.#parts.clock.after(noteMs, () => void this.#noteAll())
  }

  async #save(): Promise<void> {
    const rows = [...this.#unsaved].flatMap((id) => this.#rows.get(id) ?? [])
    this.#unsaved.clear()
    const saved = await Promise.allSettled(rows.map((row) => this.#book.save(row)))
    for (const [index, row] of rows.entries()) {
      if (saved[index]?.status === 'rejected' && this.#rows.has(row.id)) this.#unsaved.add(row.id)
    }
    const failed = saved.find((one) => one.status === 'rejected')
    if (failed) throw failed.reason
  }

  #tell(
    kind: 'recordingStarted' | 'recordingEnded' | 'recordingDeleted',
    row: RecordingRow,
    message: string,
    cause: Cause,
  ) {
    const { id, name, filter, messages } = row
    const data = { recording: `r${id}`, name, filter, messages }
    this.#parts.events.emit({ kind: messagingEvents[kind], subject: 'site', severity: 'info', message, cause, data })
  }
}

/** A message of a file as a row, apart from its recording, and what it counts. */
function importedRow({ at, topic, qos, retain, payload, encoding, broker, properties, client }: RecordedMessage) {
  const bytes = encoding === 'hex' ? new Uint8Array(Buffer.from(payload, 'hex')) : payload
  const brought = properties === undefined ? null : JSON.stringify(sparse(properties))
  const values: readonly SqlValue[] = [at, topic, qos, retain ? 1 : 0, bytes, broker ?? null, brought, client ?? null]
  return { values, bytes: topic.length + bytesOf(bytes) + (brought?.length ?? 0) + (client?.length ?? 0) }
}

function whyEnded(ended: NonNullable<RecordingCounts['ended']>, row: RecordingRow): string | null {
  switch (ended) {
    case 'messages':
      return `It has reached its bound of ${row.most_messages.toLocaleString('en')} messages.`
    case 'bytes':
      return `It has reached its bound of ${sizeInWords(row.most_bytes)}.`
    case 'time':
      return 'Its time was over.'
    case 'asked':
      return null
  }
}

function newRow(
  name: string,
  now: number,
  given: Pick<RecordingRow, 'filter' | 'text' | 'state' | 'most_messages' | 'most_bytes' | 'until_at'> & {
    readonly imported?: number
  },
): Omit<RecordingRow, 'id'> {
  const counts = { messages: 0, bytes: 0, lost: 0, gaps: 0 }
  return { name, imported: 0, started_at: now, ended_at: null, why: null, ...counts, ...given }
}
