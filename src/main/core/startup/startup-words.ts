import type { StartupLine, StartupStep } from '#shared/contract/startup.ts'
import type { JobView } from '#shared/contract/state.ts'
import type { VerificationView } from '#shared/contract/verification.ts'

interface Told {
  readonly state: StartupStep['state']
  readonly sentence: string
  readonly lines: readonly StartupLine[]
}

/** What the lines of a step come to. */
export function worst(lines: readonly StartupLine[]): StartupStep['state'] {
  const states = new Set(lines.map(({ state }) => state))
  if (states.has('running')) return 'running'
  if (states.has('failed')) return 'failed'
  return states.has('warned') ? 'warned' : 'done'
}

/** A step in one sentence: what needs an eye, else how much there was. */
export function summary(id: StartupStep['id'], lines: readonly StartupLine[]): string {
  const [trouble, ...others] = lines.filter(({ state }) => state === 'failed' || state === 'warned')
  if (trouble) return others.length > 0 ? `${trouble.sentence} And ${others.length} more.` : trouble.sentence
  if (id === 'clean-up') {
    const done = lines.filter(({ state }) => state === 'done').length
    if (done === 0) return 'Nothing was left behind by earlier runs.'
    return done === 1 ? 'One thing was put in order.' : `${done} things were put in order.`
  }
  const looked = lines.filter(({ state }) => state !== 'skipped')
  const passed = looked.filter(({ state }) => state === 'passed' || state === 'done').length
  return `${passed} of ${looked.length} as it should be.`
}

/** The start of the services, from its job. */
export function fromJob(job: JobView): Told {
  const states = { pending: 'running', running: 'running', done: 'done', failed: 'failed', skipped: 'skipped' } as const
  const lines = job.steps.flatMap(({ id, title, state }): readonly StartupLine[] =>
    state === 'pending' ? [] : [{ id, title, state: states[state], sentence: stepWords[state] }],
  )
  switch (job.state) {
    case 'running':
      return {
        state: 'running',
        sentence: lines.find(({ state }) => state === 'running')?.title ?? 'Being started.',
        lines,
      }
    case 'completed':
      return { state: 'done', sentence: job.message ?? 'Started.', lines }
    case 'cancelled':
      return { state: 'skipped', sentence: 'The start was cancelled.', lines }
    case 'failed':
    case 'interrupted':
      return { state: 'failed', sentence: job.message ?? 'The start failed.', lines }
  }
}

const stepWords = {
  running: 'Being started.',
  done: 'Started.',
  failed: 'Not all of them got there.',
  skipped: 'Nothing to start.',
} as const

/** The list of checks, once a round was made after the services had been started. */
export function fromVerification(view: VerificationView | undefined, since: number): Told {
  const isNewer = view?.at != null && view.at >= since
  if (!view || (!isNewer && !view.running)) return { state: 'pending', sentence: 'Made in a moment.', lines: [] }
  const lines = view.checks.flatMap(({ id, title, state, sentence }): readonly StartupLine[] =>
    state === 'pending' ? [] : [{ id, title, state, sentence }],
  )
  if (!isNewer || view.running) return { state: 'running', sentence: 'The list of checks is made.', lines }
  return { state: lines.some(({ state }) => state === 'failed') ? 'failed' : 'done', sentence: view.sentence, lines }
}
