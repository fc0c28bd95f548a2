import {
  type HookDefinition,
  isScript,
  resolveCwd,
  resolveEnv,
  resolveHook,
  resolvePorts,
  type ServiceDefinition,
} from '#core/config/index.ts'
import type { Clock, Logger, Processes } from '#core/platform/index.ts'
import { childEnvironment } from './child-environment.ts'
import { type LaunchContext, logFilesOf, makeFolders, scriptCommand, sizesOf } from './launch-plan.ts'
import type { MarkedLookup } from './marked-lookup.ts'
import { processChild } from './process-child.ts'
import type { RunMarks } from './run-mark.ts'
import type { ServiceChild } from './service-child.ts'
import { inSeconds } from './turn-words.ts'

export interface HookPorts {
  readonly processes: Processes
  readonly marks: RunMarks
  readonly lookup: MarkedLookup
  readonly clock: Clock
  readonly logger: Logger
}

export interface HookRequest {
  readonly hook: HookDefinition
  readonly service: ServiceDefinition
  readonly operation: string | null
  readonly context: () => Promise<LaunchContext>
  readonly onEnded: (end: HookEnd) => void
}

/** How a callback ended; the sentence stands after "it". */
export interface HookEnd {
  readonly ok: boolean
  readonly sentence: string
  readonly log: readonly string[]
  readonly ms: number
}

/** How long a callback that is called off may take to end before it is killed, milliseconds. */
const graceMs = 2_000

/**
 * A callback of a service under way: a process of its own with the service's environment, folder and log. It carries a mark, so that
 * whatever it leaves behind is ended with it, and a later console that finds it ends it too.
 */
export class HookRun implements AsyncDisposable {
  readonly #request: HookRequest
  readonly #ports: HookPorts
  readonly #timer: Disposable
  #child: ServiceChild | null = null
  /** What it was asked to do while it was still being started. */
  #asked: { readonly force: boolean } | null = null
  #late = false
  #released = false

  constructor(request: HookRequest, ports: HookPorts) {
    this.#request = request
    this.#ports = ports
    this.#timer = ports.clock.after(request.hook.timeoutMs, () => {
      this.#late = true
      this.end(true)
    })
    void this.#run()
  }

  get child(): ServiceChild | null {
    return this.#child
  }

  end(force: boolean): void {
    if (this.#child) this.#child.end(force)
    else this.#asked = { force: force || (this.#asked?.force ?? false) }
  }

  /** Lets go of it without ending it: the next console finds it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#released = true
    this.#timer[Symbol.dispose]()
    await this.#child?.release()
  }

  async #run(): Promise<void> {
    const { clock } = this.#ports
    const { hook, onEnded } = this.#request
    const began = clock.monotonic()
    let end: Omit<HookEnd, 'ms'>
    try {
      this.#child = await this.#start()
      if (this.#released) await this.#child.release()
      else if (this.#asked) this.#child.end(this.#asked.force)
      const { ok, sentence, log } = await this.#child.ended
      end = this.#late
        ? { ok: false, sentence: `did not end within ${inSeconds(hook.timeoutMs)} and was killed`, log }
        : { ok, sentence, log }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      end = { ok: false, sentence: `could not be run: ${reason}`, log: [] }
    }
    this.#timer[Symbol.dispose]()
    this.#child = null
    if (!this.#released) onEnded({ ...end, ms: Math.round(clock.monotonic() - began) })
  }

  async #start(): Promise<ServiceChild> {
    const { hook, service, operation } = this.#request
    const { processes, marks, lookup, clock, logger } = this.#ports
    const { definition, variables, secrets, environment, runtime } = await this.#request.context()
    await makeFolders(variables)
    const run = marks.makeForErrand('hook', service.id)
    const [first = '', ...rest] = resolveHook(hook, service, definition, variables)
    const own = resolveEnv(service, definition, variables, secrets)
    const ports = resolvePorts(service, variables)
    const logs = logFilesOf(service.id, variables)
    const logsFrom = await sizesOf(logs)
    const handle = await processes.spawn({
      ...(isScript(first) ? scriptCommand(first, rest, runtime) : { file: first, args: rest }),
      cwd: resolveCwd(service, definition, variables),
      env: childEnvironment(environment, own, ports, { run, operation, site: definition.id, service: service.id }),
      stdout: logs.out,
      stderr: logs.err,
    })
    return processChild(handle, {
      service: { id: service.id, stop: { signal: 'SIGTERM', withinMs: graceMs } },
      run,
      startedAt: clock.wall(),
      logs,
      logsFrom,
      processes,
      lookup,
      // Nothing is recorded: a callback is found again by its mark, and is never taken for the service.
      records: { ended: async () => {} },
      clock,
      logger,
      onSwept: () => {},
    })
  }
}
