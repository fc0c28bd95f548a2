import type { HookName, ServiceDefinition } from '#core/config/index.ts'
import type { ProbeVerdict } from '#core/health/index.ts'
import type { Health, ServiceState, Severity } from '#shared/vocabulary.ts'
import type { ServiceEventKind } from './event-kinds.ts'
import type { StartTimes } from './restart-budget.ts'

export type ProbeName = 'startup' | 'readiness' | 'liveness'

/** What one probe's answers mean, and the last of them in words. */
export interface Signal {
  readonly verdict: ProbeVerdict
  readonly sentence: string
}

/** Everything that decisions about one service rest on. Changed only by `step`. */
export interface Machine {
  readonly state: ServiceState
  /** Whether the operator or the site wants it running. */
  readonly wanted: boolean
  /** Counts the children; whatever comes from an earlier one is ignored. */
  readonly generation: number
  /** What may exist of this generation's child. */
  readonly child: 'none' | 'launching' | 'alive'
  /** While stopping: what follows once the child is gone. */
  readonly after: 'stop' | 'start' | 'restart' | 'follow' | 'fail'
  /** The callback of the site that runs for it now. */
  readonly hook: HookName | null
  /** Whether it is being ended: its end is no failure then. */
  readonly hookCalledOff: boolean
  /** While stopping: kill at once instead of asking first. */
  readonly force: boolean
  readonly adopted: boolean
  /** Why it is in this state, one sentence. */
  readonly reason: string
  readonly health: Health
  /** The health that the last event told; nothing is told twice. */
  readonly told: Health | null
  readonly signals: Readonly<Record<ProbeName, Signal>>
  /** What a builtin says of itself. */
  readonly report: { readonly health: Health; readonly sentence: string } | null
  /** What it still waits for, one sentence; null when every need is met. */
  readonly unmet: string | null
  /** A need that is in trouble, one sentence: its own health cannot be told then. */
  readonly trouble: string | null
  /** Generations of the needs that it is restarted after: as they are now, and as they were when its child was started. */
  readonly generations: Generations
  readonly startedAfter: Generations
  /** A dependency that it uses and cannot call, one sentence: it is degraded at best. */
  readonly impaired: string | null
  /** Restarts in a row since it was last forgiven: the back-off counter. */
  readonly attempt: number
  /** Restarts in all, for display. */
  readonly restarts: number
  readonly starts: StartTimes
  /** What holds restarts back now, as it ends a sentence: "maintenance"; null when nothing does. */
  readonly hold: string | null
  /** A restart of it was held back and is made up for when the hold ends. */
  readonly held: boolean
}

/** Generations by the id of the service. */
export type Generations = Readonly<Record<string, number>>

export type Input =
  /** Somebody wants it running. `named`: this very service, not only what needs it or everything. */
  | { readonly type: 'start'; readonly named: boolean }
  | { readonly type: 'stop' }
  | { readonly type: 'restart' }
  /** Stop it at once, without asking it to end. */
  | { readonly type: 'kill' }
  /** `generations`: of the needs that it is restarted after; absent when there are none. */
  | {
      readonly type: 'needs'
      readonly unmet: string | null
      readonly trouble: string | null
      readonly generations?: Generations
    }
  /** A dependency that it uses cannot be called, one sentence; null when all can. */
  | { readonly type: 'impaired'; readonly sentence: string | null }
  | { readonly type: 'launched'; readonly generation: number; readonly pid: number | null }
  /** Nothing was started: `retry` when trying again may help. */
  | { readonly type: 'not-launched'; readonly generation: number; readonly reason: string; readonly retry: boolean }
  | {
      readonly type: 'exited'
      readonly generation: number
      /** "exited with code 1", "was ended by SIGKILL". */
      readonly sentence: string
      /** Exit code 0. */
      readonly ok: boolean
      /** The last lines that it wrote. */
      readonly log: readonly string[]
    }
  | {
      readonly type: 'probed'
      readonly generation: number
      readonly probe: ProbeName
      readonly verdict: ProbeVerdict
      readonly sentence: string
    }
  | { readonly type: 'reported'; readonly generation: number; readonly health: Health; readonly sentence: string }
  /** The startup probe did not pass in its time. */
  | { readonly type: 'startup-late'; readonly generation: number }
  | { readonly type: 'pause-over'; readonly generation: number }
  /** It has been healthy for long enough to forget its failures. */
  | { readonly type: 'forgiven'; readonly generation: number }
  | {
      readonly type: 'hook-ended'
      readonly generation: number
      readonly hook: HookName
      /** Exit code 0, in its time. */
      readonly ok: boolean
      /** "exited with code 1", "did not end within 30 s and was killed". */
      readonly sentence: string
      /** The last lines that it wrote. */
      readonly log: readonly string[]
      readonly ms: number
    }
  /** site.yaml changed what it is checked by. */
  | { readonly type: 'checks-changed' }
  /** From now on nothing is started again by itself, because of this; with null it is again, and what was held back is done. */
  | { readonly type: 'hold'; readonly why: string | null }
  /** What went wrong was done to it on purpose: its budget and back-off are at least what they were before, which is given here. */
  | { readonly type: 'excused'; readonly attempt: number; readonly starts: StartTimes }
  /** A child of an earlier console was taken up. */
  | { readonly type: 'adopted'; readonly pid: number }

/** What a fact follows from: the input's own cause, the fact before it, what began this run, or something seen. */
export type CauseOf = 'input' | 'previous' | 'cycle' | { readonly observed: string }

export type Effect =
  | { readonly do: 'launch'; readonly generation: number }
  /** Ends the child: asks, waits, kills; or kills at once. */
  | { readonly do: 'end'; readonly generation: number; readonly force: boolean }
  /** Runs a callback and kills it after its time. */
  | { readonly do: 'hook'; readonly generation: number; readonly hook: HookName; readonly ms: number }
  /** Ends the callback: asks, waits a little, kills; or kills at once. */
  | { readonly do: 'end-hook'; readonly generation: number; readonly force: boolean }
  /** Runs these probes from now on, and no others. The first tries are immediate. */
  | { readonly do: 'watch'; readonly generation: number; readonly probes: readonly ProbeName[] }
  | { readonly do: 'startup-deadline'; readonly generation: number; readonly ms: number }
  | { readonly do: 'pause'; readonly generation: number; readonly ms: number }
  /** Forgives after so long; null stops counting. */
  | { readonly do: 'forgive'; readonly generation: number; readonly ms: number | null }
  | {
      readonly do: 'emit'
      readonly kind: ServiceEventKind
      readonly severity: Severity
      readonly message: string
      readonly cause: CauseOf
      /** This fact began what follows: later facts of this run name it as their cause. */
      readonly begins: boolean
      readonly data: Record<string, unknown>
    }
  | { readonly do: 'raise'; readonly title: string; readonly why: string }
  | { readonly do: 'clear' }

const unasked: Signal = { verdict: 'unknown', sentence: '' }
export const freshSignals: Machine['signals'] = { startup: unasked, readiness: unasked, liveness: unasked }

/** A service that nothing is known of yet. */
export function newMachine(service: Pick<ServiceDefinition, 'kind'>): Machine {
  return {
    state: service.kind === 'external' ? 'external' : 'stopped',
    wanted: false,
    generation: 0,
    child: 'none',
    after: 'stop',
    force: false,
    hook: null,
    hookCalledOff: false,
    adopted: false,
    reason: service.kind === 'external' ? 'Run by somebody else; not watched yet.' : 'Not started yet.',
    health: 'unknown',
    told: null,
    signals: freshSignals,
    report: null,
    unmet: null,
    trouble: null,
    generations: {},
    startedAfter: {},
    impaired: null,
    attempt: 0,
    restarts: 0,
    starts: [],
    hold: null,
    held: false,
  }
}
