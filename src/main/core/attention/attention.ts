import type { EventLog } from '#core/events/index.ts'
import { type Clock, Listeners, type Logger } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { Database, Statement } from '#core/store/index.ts'
import type { AttentionView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause, Severity } from '#shared/vocabulary.ts'
import { inOrder, mayWait, raised, storedView } from './raising.ts'
import type { Attention, AttentionDraft } from './types.ts'

export interface AttentionOptions {
  /** The control database, with {@link attentionSchema}. */
  readonly database: Database
  readonly events: EventLog
  readonly state: Slice<AttentionView>
  readonly clock: Clock
  readonly logger: Logger
}

/** The kinds of events that attention emits. Their subject is the condition's own. */
export const attentionEventKinds = {
  raised: 'attention.raised',
  cleared: 'attention.cleared',
  dismissed: 'attention.dismissed',
} as const

/** Opens the conditions that need attention, with those that were open when the site was closed. */
export function openAttention(options: AttentionOptions): Attention {
  return new OpenConditions(options)
}

class OpenConditions implements Attention {
  readonly #options: AttentionOptions
  readonly #open = new Map<string, AttentionView>()
  readonly #changed: Listeners<readonly AttentionView[]>
  readonly #writing = new Set<Promise<unknown>>()
  readonly #following: Disposable
  #shelving = false
  readonly #shelvedSubjects = new Set<string>()
  #closed = false

  constructor(options: AttentionOptions) {
    this.#options = options
    const onError = (error: unknown) =>
      options.logger.error('A listener of attention failed.', { error: String(error) })
    this.#changed = new Listeners(onError)
    for (const { view: text } of options.database.all<{ view: string }>({ sql: 'SELECT view FROM attention' })) {
      const view = storedView(text)
      if (!view) continue
      this.#open.set(view.id, view)
      options.state.set(view.id, view)
    }
    this.#following = options.database.onReplaced(() => this.#writeAll())
  }

  raise(draft: AttentionDraft): void {
    if (this.#closed) return
    const { what, view } = raised(this.#open.get(draft.id), draft, this.#options.clock.wall())
    if (what === 'same') return
    const event =
      what === 'changed'
        ? view.event
        : this.#emit('raised', view, view.severity, `${view.title}. ${view.why}`, draft.cause)
    const fresh = what === 'new' || what === 'worse'
    const { shelved: _kept, ...shown } = view
    const isKept = this.#shelving || this.#shelvedSubjects.has(view.subject)
    const shelved = fresh ? isKept && mayWait(view) : view.shelved === true && mayWait(view)
    this.#set(shelved ? { ...shown, event, shelved } : { ...shown, event })
  }

  shelve(on: boolean): void {
    this.#shelving = on
    this.#showKept()
  }

  shelveOf(subject: string): Disposable {
    this.#shelvedSubjects.add(subject)
    return {
      [Symbol.dispose]: () => {
        this.#shelvedSubjects.delete(subject)
        this.#showKept()
      },
    }
  }

  clear(id: string, cause: Cause): void {
    const view = this.#open.get(id)
    if (!view || this.#closed) return
    this.#open.delete(id)
    this.#options.state.delete(id)
    this.#emit('cleared', view, 'info', `No longer: ${view.title}.`, cause)
    this.#write({ sql: 'DELETE FROM attention WHERE id = ?', values: [id] }).catch(() => {})
    this.#tell()
  }

  async dismiss(id: string, cause: Cause): Promise<void> {
    const view = this.#open.get(id)
    if (!view) throw unknown(id)
    if (!view.dismissible) throw notDismissible(view)
    if (view.dismissed) return
    this.#emit('dismissed', view, 'notice', `Dismissed: ${view.title}.`, cause)
    await this.#set({ ...view, dismissed: true })
  }

  open(): readonly AttentionView[] {
    return inOrder(this.#open.values())
  }

  onChanged(listener: (open: readonly AttentionView[]) => void): Disposable {
    return this.#changed.add(listener)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#following[Symbol.dispose]()
    await Promise.allSettled(this.#writing)
    this.#changed.clear()
    // The shown state outlives the site.
    for (const id of this.#open.keys()) this.#options.state.delete(id)
  }

  /** Shows and stores it. Rejects when it could not be stored; it is shown all the same. */
  #set(view: AttentionView): Promise<void> {
    this.#open.set(view.id, view)
    this.#options.state.set(view.id, view)
    const stored = this.#write(putting(view))
    stored.catch(() => {})
    this.#tell()
    return stored
  }

  /** Shows what was kept back and no longer has to be. */
  #showKept(): void {
    if (this.#shelving || this.#closed) return
    for (const view of this.#open.values()) {
      if (view.shelved !== true || this.#shelvedSubjects.has(view.subject)) continue
      const { shelved: _kept, ...shown } = view
      this.#set(shown)
    }
  }

  /** For a database that may hold other cards, older ones, or none. */
  #writeAll(): void {
    const all = [...this.#open.values()].map(putting)
    this.#write({ sql: 'DELETE FROM attention' }, ...all).catch(() => {})
  }

  async #write(...statements: readonly Statement[]): Promise<void> {
    const { database, logger } = this.#options
    const writing = database.write(statements, 'attention')
    this.#writing.add(writing)
    try {
      await writing
    } catch (error) {
      logger.warn('A change of what needs attention could not be stored.', { error: String(error) })
      throw error
    } finally {
      this.#writing.delete(writing)
    }
  }

  #emit(
    what: keyof typeof attentionEventKinds,
    { id, subject, title, why }: AttentionView,
    severity: Severity,
    message: string,
    cause: Cause,
  ): string {
    const kind = attentionEventKinds[what]
    return this.#options.events.emit({ kind, subject, severity, message, cause, data: { id, title, why } }).id
  }

  #tell(): void {
    this.#changed.tell(this.open())
  }
}

function putting(view: AttentionView): Statement {
  const sql = 'INSERT OR REPLACE INTO attention (id, view) VALUES (?, ?)'
  return { sql, values: [view.id, JSON.stringify(view)] }
}

function unknown(id: string): ConsoleError {
  const message = `There is nothing called ${id} that needs attention now.`
  return new ConsoleError('attention-unknown', message, 'It has passed by itself; nothing needs to be done.', {
    params: { id },
  })
}

function notDismissible({ id, title }: AttentionView): ConsoleError {
  return new ConsoleError(
    'attention-not-dismissible',
    `"${title}" cannot be dismissed, because it is a danger to the site or its data.`,
    'Put it right with one of the fixes that it offers; it goes away by itself then.',
    { params: { id } },
  )
}
