import type { RehearsalRun, RehearsalVerdict, RehearsedService } from '#shared/contract/rehearsals.ts'
import { durationInWords } from '#shared/duration-words.ts'
import type { Checked } from './messages.ts'

export interface Verdict {
  readonly verdict: RehearsalVerdict
  /** Why it is not wholly proven. */
  readonly reasons: readonly string[]
  readonly sentence: string
}

/** What a trial comes to. Pure. `totalMs`: from the first file written until the site was healthy. */
export function verdictOf({ services, checks }: Checked, totalMs: number | null): Verdict {
  const bad = services.filter(({ result }) => result === 'unhealthy' || result === 'failed')
  const left = services.filter(({ result }) => result === 'left-out')
  const good = services.length - bad.length - left.length
  const faults = checks?.faults ?? []
  const reasons = [
    ...bad.map((service) => `${service.title} ${howBad(service)}: ${service.sentence}`),
    ...faults.map((fault) => `A check failed: ${fault}`),
    ...left.map(({ title, sentence }) => `${title} cannot be rehearsed: ${sentence}.`),
  ]
  const of = `${good} of ${services.length} ${services.length === 1 ? 'service' : 'services'}`
  if (bad.length > 0 || faults.length > 0 || (totalMs === null && good > 0))
    return {
      verdict: 'failed',
      reasons,
      sentence: `It did not come up: ${of} healthy. ${reasons[0] ?? 'The services did not become healthy in time.'}`,
    }
  const back = totalMs === null ? '' : `, back in ${durationInWords(totalMs)}`
  if (left.length === 0 && services.length > 0)
    return { verdict: 'proven', reasons, sentence: `Proven: ${of} came up healthy${back}.` }
  if (services.length === 0)
    return {
      verdict: 'partly',
      reasons: ['The site has no services that could be started.'],
      sentence: 'Partly proven: the files could be restored; there is no service to start.',
    }
  return {
    verdict: 'partly',
    reasons,
    sentence: `Partly proven: ${of} came up healthy${back}. Missing: ${left.map(({ title }) => title).join(', ')}.`,
  }
}

function howBad({ result }: RehearsedService): string {
  return result === 'failed' ? 'did not start' : 'started and is not healthy'
}

/** Problems that say nothing about the snapshot: it could not be tried. */
const ofSurroundings: readonly string[] = [
  'disk-full',
  'extract-too-large',
  'extract-destination',
  'repository-busy',
  'repository-missing',
  'repository-unreachable',
  'site-not-trusted',
  'sandbox-ended',
  'sandbox-strange',
  'rehearsal-stopped',
  'site-closing',
]

export function saysNothingOfSnapshot(code: string | null): boolean {
  // What is no ConsoleError comes from the machine: a folder that cannot be made, a program that cannot be begun.
  return code === null || ofSurroundings.includes(code)
}

/** Whether a run counts for the light: it was tried, and came to a verdict. */
export function isDecided(run: RehearsalRun): run is RehearsalRun & { readonly verdict: RehearsalVerdict } {
  return run.state === 'completed' && run.verdict !== null
}
