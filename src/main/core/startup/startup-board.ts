import type { Clock } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { StartupLine, StartupStep, StartupView } from '#shared/contract/startup.ts'
import type { JobView } from '#shared/contract/state.ts'
import { fromJob, fromVerification, summary, worst } from './startup-words.ts'

type StepId = StartupStep['id']

const titles: Readonly<Record<StepId, string>> = {
  'pre-flight': 'Pre-flight',
  'clean-up': 'Clean-up',
  configuration: 'Configuration',
  services: 'Services',
  verification: 'Verification',
}
const stepIds = ['pre-flight', 'clean-up', 'configuration', 'services', 'verification'] as const

/** Lines of one step that are shown; more are counted in the last one. See docs/queues.md. */
const mostLines = 60

interface Step extends StartupStep {
  readonly began: number | null
}

/**
 * Shows how a site is opened and started, as it happens: what the console looks at and does by itself is told to it, services and verification it
 * follows in the shown state. It decides nothing: a start that cannot be shown is a start all the same.
 */
export class StartupBoard implements Disposable {
  readonly #state: StateHub
  readonly #clock: Clock
  readonly #at: number
  readonly #steps = new Map<StepId, Step>()
  #following: Disposable | null = null
  #endedAt: number | null = null

  constructor(state: StateHub, clock: Clock) {
    this.#state = state
    this.#clock = clock
    this.#at = clock.wall()
    for (const id of stepIds) {
      this.#steps.set(id, {
        id,
        title: titles[id],
        state: 'pending',
        sentence: 'Not yet.',
        ms: null,
        lines: [],
        began: null,
      })
    }
    this.#show()
  }

  /** Lines of what failed, in the order of the steps. */
  get troubles(): readonly StartupLine[] {
    return [...this.#steps.values()].flatMap(({ lines }) => lines.filter(({ state }) => state === 'failed'))
  }

  /** Runs one step. What goes wrong in it is a line of it and goes no further: resolves in any case. */
  async run(id: StepId, sentence: string, work: () => Promise<readonly StartupLine[]>): Promise<void> {
    this.#change(id, { state: 'running', sentence, began: this.#clock.monotonic() })
    try {
      this.tell(id, await work())
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.tell(id, [
        { id: 'mistake', title: titles[id], state: 'warned', sentence: `It could not be finished: ${why}` },
      ])
    }
  }

  /** Adds to a step what it found, and what came of it as a whole. */
  tell(id: StepId, lines: readonly StartupLine[]): void {
    const step = this.#steps.get(id)
    if (!step) return
    const all = [...step.lines.filter((each) => !lines.some((line) => line.id === each.id)), ...lines]
    this.#settle(id, all, worst(all), summary(id, all))
  }

  /** Says that a step is left out, and why. */
  skip(id: StepId, sentence: string): void {
    this.#change(id, { state: 'skipped', sentence })
    if (this.#following) this.#look()
  }

  /** From here on services and verification are followed until both have ended. */
  follow(): void {
    this.#following ??= this.#state.onRevision(({ slices }) => {
      if (slices.jobs || slices.verification || slices.site || slices.maintenance) this.#look()
    })
    this.#look()
  }

  [Symbol.dispose](): void {
    this.#following?.[Symbol.dispose]()
    this.#following = null
    this.#state.slice('startup').delete('startup')
  }

  #look(): void {
    if (this.#endedAt !== null) return
    if (this.#steps.get('services')?.state === 'skipped') {
      this.#change('verification', { state: 'skipped', sentence: 'Nothing was started.' })
      this.#end()
      return
    }
    const job = this.#startJob()
    if (!job) {
      this.#wait()
      return
    }
    const services = fromJob(job)
    this.#settle('services', services.lines, services.state, services.sentence)
    if (job.endedAt === null) return
    const isWanted = Object.values(this.#state.slice('services').all()).some(({ wanted }) => wanted)
    if (!isWanted || job.state === 'cancelled') {
      this.#change('verification', { state: 'skipped', sentence: 'Nothing runs that could be checked.' })
      this.#end()
      return
    }
    const verification = fromVerification(this.#state.slice('verification').get('verification'), job.endedAt)
    this.#settle('verification', verification.lines, verification.state, verification.sentence)
    if (verification.state !== 'pending' && verification.state !== 'running') this.#end()
  }

  /** The first start of everything since the site was opened. */
  #startJob(): JobView | undefined {
    return Object.values(this.#state.slice('jobs').all())
      .filter(
        ({ kind, subject, startedAt }) => kind === 'services.start' && subject === 'site' && startedAt >= this.#at,
      )
      .sort((one, other) => one.startedAt - other.startedAt)[0]
  }

  #wait(): void {
    const site = this.#state.slice('site').get('site')
    if (!site) return
    if (site.trust)
      this.#change('services', {
        state: 'pending',
        sentence: 'Wait until what the site would run has been seen and trusted.',
      })
    else if (this.#state.slice('maintenance').get('maintenance')?.on)
      this.#change('services', { state: 'pending', sentence: 'Wait until maintenance is over.' })
    else if (!site.config.valid && Object.keys(this.#state.slice('services').all()).length === 0)
      this.#change('services', { state: 'pending', sentence: 'Wait until site.yaml is right.' })
  }

  #end(): void {
    if (this.#endedAt !== null) return
    this.#endedAt = this.#clock.wall()
    this.#following?.[Symbol.dispose]()
    this.#following = null
    this.#show()
  }

  #settle(id: StepId, lines: readonly StartupLine[], state: StartupStep['state'], sentence: string): void {
    const step = this.#steps.get(id)
    const shown = [...lines.slice(0, mostLines)]
    if (lines.length > mostLines) {
      const more = `${lines.length - mostLines} more are not shown here.`
      shown.push({ id: 'more', title: 'More', state: 'skipped', sentence: more })
    }
    const began = step?.began ?? this.#clock.monotonic()
    const isOver = state !== 'running' && state !== 'pending'
    const ms = isOver ? (step?.ms ?? Math.round(this.#clock.monotonic() - began)) : null
    this.#change(id, { lines: shown, state, sentence, began, ms })
  }

  #change(id: StepId, change: Partial<Step>): void {
    const step = this.#steps.get(id)
    if (!step) return
    this.#steps.set(id, { ...step, ...change })
    this.#show()
  }

  #show(): void {
    const steps = [...this.#steps.values()].map(({ began: _began, ...step }) => ({ ...step, lines: [...step.lines] }))
    this.#state.slice('startup').set('startup', viewOf(this.#at, this.#endedAt, steps))
  }
}

function viewOf(at: number, endedAt: number | null, steps: StartupStep[]): StartupView {
  const failed = steps.filter(({ state }) => state === 'failed')
  const warned = steps.filter(({ state }) => state === 'warned')
  if (endedAt === null) {
    const now = steps.find(({ state }) => state === 'running')
    const next = steps.find(({ state }) => state === 'pending')
    if (now) return { at, endedAt, state: 'running', sentence: `${now.title}: ${now.sentence}`, steps }
    const waits = next?.id === 'services' && next.sentence.startsWith('Wait')
    return {
      at,
      endedAt,
      state: waits ? 'waiting' : 'running',
      sentence: next ? `${next.title}: ${next.sentence}` : 'Starting.',
      steps,
    }
  }
  const took = `It took ${((endedAt - at) / 1_000).toFixed(1)} s.`
  const named = (all: readonly StartupStep[]) => all.map(({ title }) => title).join(', ')
  if (failed.length > 0)
    return { at, endedAt, state: 'failed', sentence: `Not everything went well: ${named(failed)}. ${took}`, steps }
  if (warned.length > 0)
    return { at, endedAt, state: 'warned', sentence: `Started; to be looked at: ${named(warned)}. ${took}`, steps }
  return { at, endedAt, state: 'done', sentence: `Everything went well. ${took}`, steps }
}
