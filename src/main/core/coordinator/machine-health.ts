import type { ServiceDefinition } from '#core/config/index.ts'
import type { Health } from '#shared/vocabulary.ts'
import type { Machine, ProbeName } from './machine.ts'

export interface Judgement {
  readonly health: Health
  readonly sentence: string
}

/**
 * The health of a service from its state, its probes and its needs. A need in trouble makes it unknown, because its own
 * answers then say more about the need than about itself.
 */
export function judge(machine: Machine, service: ServiceDefinition): Judgement {
  switch (machine.state) {
    case 'backing-off':
    case 'failed':
      return { health: 'unhealthy', sentence: machine.reason }
    case 'completed':
      return { health: 'healthy', sentence: machine.reason }
    case 'stopped':
    case 'waiting':
    case 'starting':
    case 'stopping':
      return { health: 'unknown', sentence: machine.reason }
    case 'running':
      return machine.trouble === null
        ? judgeRunning(machine, service)
        : { health: 'unknown', sentence: machine.trouble }
    case 'external':
      return judgeExternal(machine, service)
  }
}

function judgeRunning({ signals, report, adopted, impaired }: Machine, { probes }: ServiceDefinition): Judgement {
  const { readiness, liveness } = signals
  if (liveness.verdict === 'failing') return { health: 'unhealthy', sentence: `It is stuck: ${liveness.sentence}.` }
  if (readiness.verdict === 'failing') return { health: 'degraded', sentence: `Not ready: ${readiness.sentence}.` }
  if (report && report.health !== 'healthy') return report
  const open = [probes.readiness && readiness, probes.liveness && liveness].find((each) => each?.verdict === 'unknown')
  if (open)
    return {
      health: 'unknown',
      sentence: open.sentence ? `Not ready yet: ${open.sentence}.` : 'Being checked for the first time.',
    }
  if (impaired !== null) return { health: 'degraded', sentence: impaired }
  if (report) return report
  const answered = probes.readiness ? readiness.sentence : probes.liveness ? liveness.sentence : ''
  const since = adopted ? 'Running since before the console was started' : 'Running'
  return { health: 'healthy', sentence: answered ? `${since}: ${answered}.` : `${since}.` }
}

function judgeExternal({ signals, wanted, report }: Machine, { probes }: ServiceDefinition): Judgement {
  if (!wanted) return { health: 'unknown', sentence: 'Run by somebody else; not watched while the site is stopped.' }
  if (report?.health === 'unhealthy') return report
  const names = (['startup', 'readiness', 'liveness'] satisfies ProbeName[]).filter((name) => probes[name])
  if (names.length === 0 && report) return report
  if (names.length === 0)
    return { health: 'unknown', sentence: 'Run by somebody else, and nothing is defined to check it by.' }
  const failing = names.find((name) => signals[name].verdict === 'failing')
  if (failing)
    return { health: 'unhealthy', sentence: `It does not answer as it should: ${signals[failing].sentence}.` }
  const open = names.find((name) => signals[name].verdict === 'unknown')
  if (open)
    return {
      health: 'unknown',
      sentence: signals[open].sentence
        ? `Not clear yet: ${signals[open].sentence}.`
        : 'Being checked for the first time.',
    }
  const [first] = names
  const answered = first ? signals[first].sentence : 'it answers'
  return {
    health: 'healthy',
    sentence: report ? `${report.sentence} ${answered}.` : `Run by somebody else: ${answered}.`,
  }
}

/** Whether what needs it to be `ready` may go on: its readiness probe passes, or it has none. */
export function isReady(machine: Machine, service: ServiceDefinition): boolean {
  if (machine.state === 'external') {
    return machine.health === 'healthy' || (!hasProbes(service) && machine.report === null)
  }
  if (machine.state !== 'running') return false
  return service.probes.readiness === null || machine.signals.readiness.verdict === 'passing'
}

function hasProbes({ probes }: ServiceDefinition): boolean {
  return probes.startup !== null || probes.readiness !== null || probes.liveness !== null
}
