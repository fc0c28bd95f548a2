import type { Attention } from '#core/attention/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { VerificationView, VerifiedCheck } from '#shared/contract/verification.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { CheckFinding, ListedCheck, Verification } from './types.ts'

export interface VerificationOptions {
  /** The list as the site is defined now; null while nothing of it may be run. */
  readonly list: () => Promise<readonly ListedCheck[] | null>
  readonly state: StateHub
  readonly events: EventLog
  readonly attention: Attention
  readonly clock: Clock
  readonly logger: Logger
}

/** From the end of one round to the beginning of the next, when all was well and when something was not. Milliseconds. */
const everyMs = 300_000
const againMs = 30_000
/** After a start has ended: what was just started is given a moment. Milliseconds. */
const settleMs = 1_000
/** A check that takes longer than this has failed. Milliseconds. */
const longestMs = 60_000

export const verificationEventKinds = { passed: 'verification.passed', failed: 'verification.failed' } as const

const cardId = 'verification'

/** Opens the list of checks of a site. By itself it checks nothing before the site has been started. */
export function openVerification(options: VerificationOptions): Verification {
  return new OpenVerification(options)
}

class OpenVerification implements Verification {
  readonly #options: VerificationOptions
  readonly #ended = new AbortController()
  readonly #following: Disposable
  #round: Promise<VerificationView> | null = null
  #timer: Disposable | undefined
  #checks: readonly VerifiedCheck[] = []
  #at: number | null = null
  /** Checks that have not ended, also those that a round has given up: a disk that does not answer is not asked again and again. */
  readonly #underWay = new Map<string, number>()
  /** What the last round told: events are about changes only. */
  #told: 'passed' | 'failed' | null = null

  constructor(options: VerificationOptions) {
    this.#options = options
    this.#following = options.events.onCommitted((events) => {
      const started = events.some(
        ({ kind, data }) =>
          /^job\.(completed|failed)$/.test(kind) && /^services\.(start|restart)/.test(String(data.kind)),
      )
      if (started) this.#in(settleMs)
    })
  }

  run(): Promise<VerificationView> {
    this.#round ??= this.#make().finally(() => {
      this.#round = null
    })
    return this.#round
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('the site is being closed'))
    this.#timer?.[Symbol.dispose]()
    this.#following[Symbol.dispose]()
    await this.#round?.catch(() => {})
    this.#options.state.slice('verification').delete('verification')
  }

  async #make(): Promise<VerificationView> {
    this.#timer?.[Symbol.dispose]()
    const list = await this.#options.list()
    if (!list) {
      throw new ConsoleError(
        'site-not-loaded',
        'There is nothing to check: site.yaml could not be used, or has not been trusted yet.',
        'Put right what is shown about site.yaml, or look through the site and trust it.',
      )
    }
    const before = new Map(this.#checks.map((check) => [check.id, check]))
    this.#checks = list.map(({ id, title, own }) => before.get(id) ?? pending(id, title, own))
    this.#show(true)
    await Promise.all(
      list.map(async (check) => {
        const verified = await this.#verified(check)
        if (this.#ended.signal.aborted) return
        this.#checks = this.#checks.map((each) => (each.id === verified.id ? verified : each))
        this.#show(true)
      }),
    )
    this.#ended.signal.throwIfAborted()
    this.#at = this.#options.clock.wall()
    this.#tell()
    const view = this.#show(false)
    this.#in(view.passed === view.total ? everyMs : againMs)
    return view
  }

  async #verified({ id, title, own, run }: ListedCheck): Promise<VerifiedCheck> {
    const { clock } = this.#options
    const began = clock.monotonic()
    const late = new AbortController()
    const tooLong = Promise.withResolvers<CheckFinding>()
    using _limit = clock.after(longestMs, () => {
      const sentence = `It did not end within ${longestMs / 1_000} s.`
      tooLong.resolve({ state: 'failed', sentence, faults: [sentence] })
      late.abort()
    })
    const stuck = this.#underWay.get(id)
    if (stuck !== undefined) {
      const sentence = `It has not ended since it was begun ${Math.round((began - stuck) / 1_000)} s ago; a network mount that does not answer?`
      tooLong.resolve({ state: 'failed', sentence, faults: [sentence] })
    }
    const made = async (): Promise<CheckFinding> => {
      this.#underWay.set(id, began)
      try {
        return await run(AbortSignal.any([late.signal, this.#ended.signal]))
      } catch (error) {
        const sentence = `It could not be checked: ${error instanceof Error ? error.message : String(error)}`
        return { state: 'failed', sentence, faults: [sentence] }
      } finally {
        this.#underWay.delete(id)
      }
    }
    const finding = await (stuck === undefined ? Promise.race([made(), tooLong.promise]) : tooLong.promise)
    return {
      id,
      title,
      own,
      state: finding.state,
      sentence: finding.sentence,
      faults: finding.state === 'failed' ? [...finding.faults] : [],
      about: finding.state === 'failed' ? [...(finding.about ?? [])] : [],
      at: clock.wall(),
      ms: Math.round(clock.monotonic() - began),
    }
  }

  #show(running: boolean): VerificationView {
    const counting = this.#checks.filter(({ state }) => state !== 'skipped')
    const passed = counting.filter(({ state }) => state === 'passed').length
    const view: VerificationView = {
      at: this.#at,
      running,
      passed,
      total: counting.length,
      sentence: `${passed} of ${counting.length} checks passed.`,
      checks: [...this.#checks],
    }
    if (!this.#ended.signal.aborted) this.#options.state.slice('verification').set('verification', view)
    return view
  }

  /** Tells a change: that something failed, which must be seen, or that all is well again. */
  #tell(): void {
    const { events, attention } = this.#options
    const failed = this.#checks.filter(({ state }) => state === 'failed')
    const passed = this.#checks.filter(({ state }) => state === 'passed')
    const subject = 'site'
    const observed: Cause = { type: 'observation', what: 'the list of checks' }
    if (failed.length === 0) {
      if (this.#told !== 'passed') {
        const message = `${passed.length} of ${passed.length} checks passed.`
        const event = events.emit({
          kind: verificationEventKinds.passed,
          subject,
          severity: 'info',
          message,
          cause: observed,
        })
        attention.clear(cardId, event.cause)
      }
      this.#told = 'passed'
      return
    }
    const names = failed.map(({ title }) => title).join(', ')
    const title = `${failed.length} of ${failed.length + passed.length} checks failed: ${names}`
    const why = failed.map(({ sentence }) => sentence).join(' ')
    let cause: Cause = observed
    if (this.#told !== 'failed') {
      const data = { failed: failed.map(({ id, sentence }) => ({ id, sentence })) }
      const message = `${title}. ${why}`
      cause = events.emit({
        kind: verificationEventKinds.failed,
        subject,
        severity: 'warning',
        message,
        cause: observed,
        data,
      }).cause
    }
    this.#told = 'failed'
    attention.raise({
      id: cardId,
      subject,
      severity: 'warning',
      title,
      why,
      fixes: [{ label: 'Look at the checks', action: { type: 'go-to', page: '/diagnose' } }],
      cause,
      dismissible: true,
    })
  }

  /** Makes the next round after so long, while any service is wanted running. */
  #in(ms: number): void {
    this.#timer?.[Symbol.dispose]()
    if (this.#ended.signal.aborted) return
    this.#timer = this.#options.clock.after(ms, () => {
      const services = Object.values(this.#options.state.slice('services').all())
      if (!services.some(({ wanted }) => wanted)) return
      this.run().catch((error: unknown) => {
        if (this.#ended.signal.aborted) return
        this.#options.logger.warn('The list of checks could not be made.', { error: String(error) })
        this.#in(againMs)
      })
    })
  }
}

function pending(id: string, title: string, own: boolean): VerifiedCheck {
  return { id, title, own, state: 'pending', sentence: 'Not checked yet.', faults: [], about: [], at: null, ms: null }
}
