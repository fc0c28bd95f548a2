import type { Cause } from '#shared/vocabulary.ts'
import type { Attention } from './attention/index.ts'
import {
  askSource,
  type HttpSourceDefinition,
  type KeptSource,
  type Layer,
  type LoadedSite,
  readKeptSource,
  type Secrets,
  sourceLayer,
  writeKeptSource,
} from './config/index.ts'
import type { Clock, Logger } from './platform/index.ts'

interface ConfigHttpOptions {
  readonly directory: string
  readonly clock: Clock
  readonly logger: Logger
  readonly attention: Attention
  readonly secrets: Secrets
  readonly zone: () => string
  /** The site as it would be with this answer. */
  readonly check: (layer: Layer) => Promise<LoadedSite>
}

const card = 'config-source-http'

/**
 * Asks `sources.http` of the configuration in use, at once and then each period. A good answer is kept on disk, where it is a change like one
 * of the files; a bad one changes nothing and raises a card. Only what is in use is asked, so nothing that nobody trusted.
 */
export class ConfigHttp implements AsyncDisposable {
  readonly #options: ConfigHttpOptions
  /** Undefined until it is known. */
  #source: HttpSourceDefinition | null | undefined
  #on = false
  #timer: Disposable | undefined
  #asking: Promise<void> = Promise.resolve()
  #abort = new AbortController()

  constructor(options: ConfigHttpOptions) {
    this.#options = options
  }

  /** Asks from now on. */
  begin(): void {
    this.#on = true
    this.#soon(0)
  }

  /** This one is asked from now on; null: none. */
  follow(source: HttpSourceDefinition | null): void {
    if (JSON.stringify(source) === JSON.stringify(this.#source)) return
    this.#source = source
    this.#abort.abort()
    this.#abort = new AbortController()
    if (source === null) this.#options.attention.clear(card, because)
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
        .catch((error: unknown) =>
          this.#options.logger.warn('What a source of the configuration said could not be kept.', {
            error: String(error),
          }),
        )
        .finally(() => {
          if (!signal.aborted) this.#soon(source.everyMs)
        })
    })
  }

  async #ask(source: HttpSourceDefinition, signal: AbortSignal): Promise<void> {
    const { directory, clock, attention, check } = this.#options
    const kept = await readKeptSource(directory, source.url)
    const failed = (why: string, remedy: string) => {
      if (!signal.aborted) this.#tell(source.url, kept, `${why} ${remedy}`)
    }
    let token: string | null = null
    try {
      token =
        source.token === null ? null : this.#options.secrets(source.token.replace(/^\$\{\s*secrets\.|\s*\}$/g, ''))
    } catch (error) {
      failed('its token is missing.', error instanceof Error ? error.message : '')
      return
    }
    const { url, withinMs } = source
    const answer = await askSource({ url, token, etag: kept?.etag ?? null, withinMs, clock, signal })
    if (signal.aborted) return
    if (answer.kind === 'bad') {
      failed(answer.why, answer.remedy)
      return
    }
    if (answer.kind === 'new' && answer.text !== kept?.text) {
      const next: KeptSource = { url, at: clock.wall(), etag: answer.etag, text: answer.text }
      const read = sourceLayer(next)
      if ('why' in read) {
        failed(read.why, 'Correct it there.')
        return
      }
      const loaded = await check(read.layer)
      if (signal.aborted) return
      // With only files missing on disk it can be used; whoever takes it over asks about that.
      if (!loaded.definition) {
        const [first] = loaded.valid ? [] : loaded.problems
        failed(`its answer cannot be used: ${first?.message ?? ''}`, first?.remedy ?? '')
        return
      }
      await writeKeptSource(directory, next)
    }
    attention.clear(card, because)
  }

  #tell(url: string, kept: KeptSource | null, why: string): void {
    const since = new Intl.DateTimeFormat('sv-SE', {
      timeZone: this.#options.zone(),
      dateStyle: 'short',
      timeStyle: 'short',
    })
    this.#options.attention.raise({
      id: card,
      subject: 'site',
      severity: 'warning',
      title: kept
        ? `A source of the configuration gives nothing new; its answer of ${since.format(kept.at)} counts`
        : 'A source of the configuration has never given an answer that can be used',
      why: `${url}: ${why}`,
      fixes: [{ label: 'Show the configuration', action: { type: 'go-to', page: '/settings' } }],
      cause: because,
      dismissible: true,
    })
  }
}

const because: Cause = { type: 'observation', what: 'a source of the configuration was asked' }
