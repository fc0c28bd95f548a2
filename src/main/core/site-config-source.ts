import type { Cause } from '#shared/vocabulary.ts'
import type { Attention } from './attention/index.ts'
import {
  type AskedSource,
  type KeptSource,
  type Layer,
  type LoadedSite,
  longestSource,
  readKeptSource,
  type SourceAnswer,
  sourceLayer,
  writeKeptSource,
} from './config/index.ts'
import type { Clock, Logger } from './platform/index.ts'

/** What is asked, and how often. */
export interface AskedOf {
  /** As people call it: an address, or a table of a database. */
  readonly name: string
  readonly everyMs: number
}

interface ConfigSourceOptions<Source extends AskedOf> {
  readonly kind: AskedSource
  readonly directory: string
  readonly clock: Clock
  readonly logger: Logger
  readonly attention: Attention
  readonly zone: () => string
  /** Asks once. Never rejects. `etag`: of the answer that is kept. */
  readonly ask: (source: Source, etag: string | null, signal: AbortSignal) => Promise<SourceAnswer>
  /** The site as it would be with this answer. */
  readonly check: (layer: Layer) => Promise<LoadedSite>
}

/** How soon it is asked again while it is not there yet. Milliseconds. */
const soonMs = 5_000

/**
 * Asks a source of the configuration in use, at once and then each period. A good answer is kept on disk, where it is a change like one of
 * the files; a bad one changes nothing and raises a card. Only what is in use is asked, so nothing that nobody trusted.
 */
export class ConfigSource<Source extends AskedOf> implements AsyncDisposable {
  readonly #options: ConfigSourceOptions<Source>
  readonly #card: string
  /** Undefined until it is known. */
  #source: Source | null | undefined
  #on = false
  #timer: Disposable | undefined
  #asking: Promise<void> = Promise.resolve()
  #abort = new AbortController()

  constructor(options: ConfigSourceOptions<Source>) {
    this.#options = options
    this.#card = `config-source-${options.kind}`
  }

  /** Asks from now on. */
  begin(): void {
    this.#on = true
    this.#soon(0)
  }

  /** This one is asked from now on; null: none. */
  follow(source: Source | null): void {
    if (JSON.stringify(source) === JSON.stringify(this.#source)) return
    this.#source = source
    this.#abort.abort()
    this.#abort = new AbortController()
    if (source === null) this.#options.attention.clear(this.#card, because)
    this.#soon(0)
  }

  /** Resolves when the question that is under way has its answer. */
  settled(): Promise<void> {
    return this.#asking
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#on = false
    this.#timer?.[Symbol.dispose]()
    this.#abort.abort()
    await this.#asking
  }

  #soon(ms: number): void {
    this.#timer?.[Symbol.dispose]()
    if (!this.#on || !this.#source) return
    const source = this.#source
    const { signal } = this.#abort
    this.#timer = this.#options.clock.after(ms, () => {
      // One at a time: what was asked before has been told to end.
      this.#asking = this.#asking
        .then(() => this.#ask(source, signal))
        .catch((error: unknown) => {
          this.#options.logger.warn('What a source of the configuration said could not be kept.', {
            error: String(error),
          })
          return source.everyMs
        })
        .then((next) => {
          if (!signal.aborted) this.#soon(next)
        })
    })
  }

  /** Resolves with the milliseconds until it is asked again. */
  async #ask(source: Source, signal: AbortSignal): Promise<number> {
    const { kind, directory, clock, attention, ask, check } = this.#options
    const { name, everyMs } = source
    const kept = await readKeptSource(directory, kind, name)
    const failed = (why: string, remedy: string): number => {
      if (!signal.aborted) this.#tell(name, kept, `${why} ${remedy}`)
      return everyMs
    }
    const answer = await ask(source, kept?.etag ?? null, signal)
    if (signal.aborted) return everyMs
    if (answer.kind === 'later') return Math.min(soonMs, everyMs)
    if (answer.kind === 'bad') return failed(answer.why, answer.remedy)
    if (answer.kind === 'new' && answer.text !== kept?.text) {
      if (Buffer.byteLength(answer.text) > longestSource) return failed('it says more than 1 MB.', 'Make it smaller.')
      const next: KeptSource = { of: name, at: clock.wall(), etag: answer.etag, text: answer.text }
      const read = sourceLayer(kind, next)
      if ('why' in read) return failed(read.why, 'Correct it there.')
      const loaded = await check(read.layer)
      if (signal.aborted) return everyMs
      // With only files missing on disk it can be used; whoever takes it over asks about that.
      if (!loaded.definition) {
        const [first] = loaded.valid ? [] : loaded.problems
        return failed(`its answer cannot be used: ${first?.message ?? ''}`, first?.remedy ?? '')
      }
      await writeKeptSource(directory, kind, next)
    }
    attention.clear(this.#card, because)
    return everyMs
  }

  #tell(name: string, kept: KeptSource | null, why: string): void {
    const since = new Intl.DateTimeFormat('sv-SE', {
      timeZone: this.#options.zone(),
      dateStyle: 'short',
      timeStyle: 'short',
    })
    this.#options.attention.raise({
      id: this.#card,
      subject: 'site',
      severity: 'warning',
      title: kept
        ? `A source of the configuration gives nothing new; its answer of ${since.format(kept.at)} counts`
        : 'A source of the configuration has never given an answer that can be used',
      why: `${name}: ${why}`,
      fixes: [{ label: 'Show the configuration', action: { type: 'go-to', page: '/settings' } }],
      cause: because,
      dismissible: true,
    })
  }
}

const because: Cause = { type: 'observation', what: 'a source of the configuration was asked' }
