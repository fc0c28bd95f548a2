import type { DependencyDefinition } from '#core/config/index.ts'
import type { BreakerReason } from '#core/proxy/index.ts'
import type { TargetReport } from './protocol.ts'

/** Why a breaker has its state, one sentence. */
export function stateSentence({ breaker, fallback }: DependencyDefinition, report: TargetReport): string {
  const { state, because } = report.record
  const instead = fallback === null ? 'Calls are refused' : 'Calls get the fallback'
  switch (state) {
    case 'closed':
      return closedSentence(report)
    case 'open':
      return `${becauseWords(breaker, because)}${lastWords(report)} ${instead} until it is tried again.`
    case 'half-open':
      return `Tried again: ${breaker.successes === 1 ? 'one call' : `${breaker.successes} calls`} must succeed. Others are answered without it.`
    case 'isolated':
      return `An operator keeps calls away from it. ${instead} until it is reset.`
  }
}

/** The rule of a breaker in a few words. */
export function ruleWords(breaker: DependencyDefinition['breaker']): string {
  const opens =
    breaker.kind === 'consecutive'
      ? `opens after ${breaker.failures} failures in a row`
      : `opens when ${Math.round(breaker.rate * 100)} % of at least ${breaker.minimum} calls in ${seconds(breaker.windowMs)} fail`
  return `${opens}, tries again after ${seconds(breaker.openMs)}, closes after ${breaker.successes} successes`
}

function closedSentence({ failures, check, figures }: TargetReport): string {
  if (failures > 0) return `The last ${failures === 1 ? 'call' : `${failures} calls`} failed.${last(figures.lastError)}`
  if (check && !check.ok) return `Its last check failed: ${check.sentence}.`
  if (check) return 'It answers.'
  return figures.calls > 0 ? 'Calls pass.' : 'Calls pass; none was made yet.'
}

function becauseWords(breaker: DependencyDefinition['breaker'], because: BreakerReason): string {
  switch (because) {
    case 'failures-in-a-row':
      return breaker.kind === 'consecutive'
        ? `${breaker.failures} calls in a row failed.`
        : 'Too many calls in a row failed.'
    case 'failure-rate':
      return breaker.kind === 'rate'
        ? `At least ${Math.round(breaker.rate * 100)} % of its calls failed.`
        : 'Too many calls failed.'
    case 'checks-failed':
      return 'Its checks failed again and again.'
    case 'trial-failed':
      return 'It was tried again and failed.'
    case 'trial-unanswered':
      return 'It was tried again and never answered.'
    default:
      return 'It could not be called.'
  }
}

function lastWords({ figures }: TargetReport): string {
  return last(figures.lastError)
}

function last(error: TargetReport['figures']['lastError']): string {
  return error ? ` The last error: ${error.sentence}.` : ''
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`
}
