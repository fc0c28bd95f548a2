import type { ServiceDefinition } from '#core/config/index.ts'
import { childGone, endChild, endHook, hookEnded } from './hook-steps.ts'
import type { Generations, Input, Machine } from './machine.ts'
import { type Moment, type Step, Turn } from './machine-turn.ts'

export type { Moment, Step } from './machine-turn.ts'

/**
 * One service's whole behaviour: what it becomes when something happens, and what is to be done about it, in order. Pure; the
 * supervisor acts. What does not fit the state, or comes from an earlier child, changes nothing.
 */
export function step(machine: Machine, service: ServiceDefinition, input: Input, moment: Moment): Step {
  if ('generation' in input && input.generation !== machine.generation) return { machine, effects: [] }
  const turn = new Turn(machine, service, moment)
  switch (input.type) {
    case 'start':
      start(turn, input.named)
      break
    case 'stop':
      stop(turn, false)
      break
    case 'kill':
      stop(turn, true)
      break
    case 'restart':
      restart(turn)
      break
    case 'needs':
      needs(turn, input.unmet, input.trouble, input.generations ?? {})
      break
    case 'impaired':
      turn.set({ impaired: input.sentence })
      break
    case 'launched':
      launched(turn, input.pid)
      break
    case 'not-launched':
      notLaunched(turn, input.reason, input.retry)
      break
    case 'checks-changed':
      checksChanged(turn)
      break
    case 'adopted':
      adopted(turn, input.pid)
      break
    case 'exited':
      exited(turn, input)
      break
    case 'hook-ended':
      hookEnded(turn, input)
      break
    case 'probed':
      probed(turn, input)
      break
    case 'reported':
      turn.set({ report: { health: input.health, sentence: input.sentence } })
      break
    case 'startup-late':
      startupLate(turn)
      break
    case 'pause-over':
      pauseOver(turn)
      break
    case 'hold':
      hold(turn, input.why)
      break
    case 'excused':
      excused(turn, input)
      break
    case 'forgiven':
      turn.set({ attempt: 0, starts: [] })
      break
  }
  return turn.finish()
}

function start(turn: Turn, named: boolean): Turn {
  const { state, wanted } = turn.machine
  turn.set({ wanted: true })
  switch (state) {
    case 'starting':
    case 'running':
    case 'waiting':
      return turn // joins what is under way
    case 'completed':
      return named ? beginAnew(turn) : turn
    case 'external':
      return wanted ? turn : turn.observe()
    case 'stopping':
      return turn.set({ after: 'start' })
    case 'stopped':
    case 'backing-off':
    case 'failed':
      return beginAnew(turn)
  }
}

/** An operator's start: no pause, and earlier failures are forgotten. */
function beginAnew(turn: Turn): Turn {
  return turn.set({ attempt: 0, starts: [] }).clear().launchOrWait('input')
}

function stop(turn: Turn, force: boolean): Turn {
  const { state, child, hook } = turn.machine
  turn.set({ wanted: false })
  switch (state) {
    case 'stopped':
      return turn
    case 'external':
      return turn.unobserve()
    case 'stopping':
      turn.set({ after: 'stop', force: turn.machine.force || force })
      if (!force) return turn
      return child === 'alive' ? endChild(turn) : endHook(turn, true)
    case 'starting':
    case 'running':
      turn.emit('stopping', 'info', `is being ${force ? 'killed' : 'stopped'}`, 'input', { begins: true })
      return turn.stopping('stop', force, force ? 'Being killed.' : 'Asked to stop.')
    case 'waiting':
    case 'backing-off':
    case 'failed':
    case 'completed':
      if (hook === null) return turn.clear().stopped('input')
      turn.clear().emit('stopping', 'info', 'is being stopped', 'input', { begins: true })
      return turn.stopping('stop', force, `Stopped when its ${hook} callback has ended.`)
  }
}

function restart(turn: Turn): Turn {
  const { state } = turn.machine
  if (state !== 'running' && state !== 'starting') return start(turn, true)
  turn.set({ wanted: true, attempt: 0, starts: [] })
  turn.emit('restarting', 'info', 'is stopped and started again, as asked for', 'input', { begins: true })
  return turn.stopping('start', false, 'Being restarted, as asked for.')
}

function needs(turn: Turn, unmet: string | null, trouble: string | null, generations: Generations): Turn {
  const before = turn.machine
  turn.set({ unmet, trouble, generations })
  if (before.state === 'waiting') {
    if (unmet === null) turn.launch('input')
    else turn.set({ reason: unmet })
  }
  // Answers from the time of trouble tell nothing: the service is asked again at once.
  if (before.state === 'running' && before.trouble !== null && trouble === null) turn.watchRunning()
  return turn.follow()
}

function checksChanged(turn: Turn): Turn {
  const { state, wanted } = turn.machine
  if (state === 'running') return turn.watchRunning()
  return state === 'external' && wanted ? turn.observe() : turn
}

function launched(turn: Turn, pid: number | null): Turn {
  if (turn.machine.child !== 'launching') return turn
  turn.set({ child: 'alive' })
  if (turn.machine.state === 'stopping') return endChild(turn)
  if (!turn.service.probes.startup) return turn.running(pid).follow()
  return turn.set({ reason: 'Started; its startup check has not passed yet.' }).watchStartup().follow()
}

function notLaunched(turn: Turn, reason: string, retry: boolean): Turn {
  if (turn.machine.child !== 'launching') return turn
  turn.set({ child: 'none' })
  if (turn.machine.state === 'stopping') return turn.ended()
  const cause = { observed: reason }
  // What it needs went meanwhile, and that is why: it waits, and costs no restart.
  if (retry && turn.machine.unmet !== null) {
    return turn.set({ starts: turn.machine.starts.slice(0, -1) }).wait('cycle')
  }
  if (!retry) return turn.failed(reason, [], cause)
  return turn.unhealthy(`cannot start: ${reason}`, cause).backOffOrFail(reason, [])
}

function adopted(turn: Turn, pid: number): Turn {
  turn.set({
    generation: turn.machine.generation + 1,
    wanted: true,
    adopted: true,
    child: 'alive',
    told: null,
    startedAfter: {},
  })
  turn.freshSignals()
  turn.emit('adopted', 'notice', `was still running and is supervised again (pid ${pid})`, 'input', {
    begins: true,
    data: { pid },
  })
  turn.set({ state: 'starting', reason: 'Taken up; its startup check has not passed yet.' })
  return turn.service.probes.startup ? turn.watchStartup() : turn.running(pid)
}

function exited(turn: Turn, exit: Extract<Input, { type: 'exited' }>): Turn {
  const { state, child } = turn.machine
  if (child !== 'alive') return turn
  turn.set({ child: 'none' })
  turn.unwatch()
  if (state !== 'stopping') exitedUnasked(turn, exit)
  return childGone(turn)
}

function exitedUnasked(turn: Turn, exit: Extract<Input, { type: 'exited' }>): Turn {
  const { unmet, starts } = turn.machine
  const { policy } = turn.service.restart
  const cause = { observed: exit.sentence }
  if (exit.ok && (turn.service.oneShot || policy !== 'always')) return turn.completed(cause)
  turn.emit('exited', 'warning', exit.sentence, cause, { data: { log: [...exit.log] } })
  // Its need went first: that explains it, and costs no restart.
  if (unmet !== null) return turn.set({ starts: starts.slice(0, -1) }).wait('previous')
  turn.unhealthy(`is down: it ${exit.sentence}`, 'previous')
  if (policy === 'never')
    return turn.failed(`It ${exit.sentence}, and site.yaml says not to restart it.`, exit.log, 'previous')
  return turn.backOffOrFail(`it ${exit.sentence}`, exit.log)
}

function probed(turn: Turn, { probe, verdict, sentence }: Extract<Input, { type: 'probed' }>): Turn {
  const { state, signals, trouble, told } = turn.machine
  turn.set({ signals: { ...signals, [probe]: { verdict, sentence } } })
  if (probe === 'liveness' && verdict === 'passing') turn.set({ held: false })
  if (state === 'starting') {
    if (probe !== 'startup') return turn
    if (verdict === 'passing') turn.running(null)
    else turn.set({ reason: `Started; not there yet: ${sentence}.` })
  }
  if (state !== 'running') return turn
  // Unknown again after a need's trouble is not news.
  const wasUp = signals.readiness.verdict === 'passing' || (signals.readiness.verdict === 'unknown' && told !== null)
  if (probe === 'readiness' && verdict === 'passing' && !wasUp && trouble === null) {
    turn.emit(
      'ready',
      'info',
      `is ready: ${sentence}`,
      signals.readiness.verdict === 'unknown' ? 'cycle' : { observed: sentence },
    )
  }
  const isStuck = probe === 'liveness' && verdict === 'failing' && trouble === null
  return isStuck ? stuck(turn, `is stuck: ${sentence}`, sentence) : turn
}

function startupLate(turn: Turn): Turn {
  if (turn.machine.state !== 'starting' || turn.machine.child !== 'alive') return turn
  const { startup } = turn.service.probes
  const answer = turn.machine.signals.startup.sentence || 'no answer yet'
  const within = startup ? seconds(startup.withinMs) : 'its time'
  return stuck(turn, `did not get there within ${within}: ${answer}`, answer)
}

/** A child that lives but does not serve is ended and, while the budget lasts, started again. */
function stuck(turn: Turn, what: string, answer: string): Turn {
  if (turn.machine.held && turn.machine.hold !== null) return turn // told already
  turn.unhealthy(what, { observed: answer })
  if (turn.service.restart.policy === 'never') {
    return turn.stopping('fail', false, `It ${what}, and site.yaml says not to restart it.`)
  }
  if (turn.machine.hold !== null) {
    turn.set({ held: true })
    return turn.emit('heldBack', 'warning', `is not restarted: held back by ${turn.machine.hold}`, 'previous', {
      data: { why: what, by: turn.machine.hold },
    })
  }
  if (!turn.hasBudget()) return turn.stopping('fail', false, turn.exhausted(`it ${what}`))
  turn.emit('restarting', 'warning', 'is stopped and started again', 'previous', { begins: true })
  return turn.stopping('restart', false, `Being restarted: it ${what}.`)
}

function pauseOver(turn: Turn): Turn {
  if (turn.machine.state !== 'backing-off' || turn.machine.held) return turn
  if (turn.machine.hold !== null) return turn.holdBack('it went down before')
  return turn.set({ restarts: turn.machine.restarts + 1 }).launchOrWait('cycle')
}

/** A hold begins, or ends: then what it held back is done at once. */
function hold(turn: Turn, why: string | null): Turn {
  const { held, state, signals, restarts } = turn.machine
  turn.set({ hold: why })
  if (why !== null) return turn
  if (!held) return turn.follow()
  turn.set({ held: false })
  if (state === 'backing-off') return turn.set({ attempt: 0, restarts: restarts + 1 }).launchOrWait('input')
  const { sentence } = state === 'starting' ? signals.startup : signals.liveness
  return stuck(turn, state === 'starting' ? 'did not get there in its time' : `is stuck: ${sentence}`, sentence)
}

function excused(turn: Turn, before: Extract<Input, { type: 'excused' }>): Turn {
  const { attempt, starts } = turn.machine
  // It may have been forgiven, or started by somebody, meanwhile: that is better still.
  return turn.set({
    attempt: Math.min(attempt, before.attempt),
    starts: starts.length < before.starts.length ? starts : before.starts,
  })
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`
}
