import type { RouteFunction } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import { Fifo } from '../fifo.ts'
import type { Payload } from '../targets.ts'
import type { CallLedger } from './call-ledger.ts'
import { type FunctionGround, FunctionProcess, type FunctionVersion } from './function-process.ts'
import { type AnswerHead, type CallHead, functionBounds } from './function-protocol.ts'

/** Pauses before a process is started again that ends again and again, and how long without that makes it forgotten. Milliseconds. */
const pauses = { firstMs: 100, mostMs: 2_000, forgiveMs: 30_000 } as const

/** How long a function that cannot even be loaded rests before it is tried again, when nothing watches its files. Milliseconds. */
const brokenMs = 5_000

/** What the way to the process and back may take, in milliseconds. */
const slackMs = 10

/** One message for the function. */
export interface Call {
  readonly head: CallHead
  readonly payload: Uint8Array
  /** What it takes in memory, bytes. */
  readonly bytes: number
  /** Told once what became of it. */
  readonly settle: (outcome: CallOutcome) => void
}

/** What became of a message. */
export type CallOutcome = CallResult & {
  /** How long the function took for it, about; milliseconds. Null where that is not known. */
  readonly ms: number | null
}

export type CallResult =
  | { readonly kind: 'made'; readonly payload: Payload; readonly isJson: boolean }
  | { readonly kind: 'filtered' }
  /** The end of a sentence. */
  | { readonly kind: 'failed'; readonly reason: string }

export interface FunctionRunnerParts {
  readonly route: string
  readonly function: RouteFunction
  readonly clock: Clock
  readonly ledger: CallLedger
  readonly log: (level: 'info' | 'warn', message: string) => void
  /** Some of what waited has become something. */
  readonly onProgress: () => void
}

/**
 * Keeps the function of one route running, and gives it messages in their order. A process that takes too long for a message, or ends
 * with one, is replaced, and what waited is given to the next. Which of several messages is to blame shows when those that were under way are
 * given to the next process one at a time.
 */
export class FunctionRunner implements AsyncDisposable {
  readonly #parts: FunctionRunnerParts
  readonly #waiting = new Fifo<Call>()
  readonly #under = new Fifo<Call>()
  #underBytes = 0
  #bytes = 0
  /** So many of the next are given one at a time. */
  #suspects = 0
  #ground: FunctionGround | null
  #process: FunctionProcess | null = null
  #isReady = false
  /** The newest that could be loaded; a process that has to be replaced is made of it, whatever the files are now. */
  #version: FunctionVersion | null = null
  /** Files of a version that could not be loaded: when they change it is tried again. */
  #bad: readonly string[] = []
  /** A process with the files as they are now, to take the place of the one in use. */
  #next: FunctionProcess | null = null
  #nextIsReady = false
  #isChanged = false
  /** Why there is nothing to call, the end of a sentence. */
  #failure: string | null = null
  #ends = 0
  #endedAt = Number.NEGATIVE_INFINITY
  #pause: Disposable | undefined
  #deadline: Disposable | undefined
  /** Of processes that are being loaded, until when they must be. */
  readonly #loading = new Set<Disposable>()
  #sending: NodeJS.Immediate | undefined
  #idle: (() => void)[] = []
  readonly #ending = new Set<Promise<void>>()
  #closed = false

  constructor(parts: FunctionRunnerParts, ground: FunctionGround | null) {
    this.#parts = parts
    this.#ground = ground
    this.#start()
  }

  /** Why a message cannot be taken at all, the end of a sentence; null when it can. */
  get refusal(): string | null {
    if (this.#failure !== null) return this.#failure
    const { calls, bytes } = functionBounds.inside
    if (this.inside < calls && this.#bytes < bytes) return null
    return `${this.inside} messages wait for the function already`
  }

  /** Messages in the function and waiting for it. */
  get inside(): number {
    return this.#waiting.length + this.#under.length
  }

  /** How much of the bound is used, 0 to 1 and beyond. */
  get fullness(): number {
    const { calls, bytes } = functionBounds.inside
    return Math.max(this.inside / calls, this.#bytes / bytes)
  }

  /** Of the process in use. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  push(call: Call): void {
    this.#waiting.push(call)
    this.#bytes += call.bytes
    if (this.#failure !== null) this.#failAll()
    else this.#sending ??= setImmediate(() => this.#send())
  }

  /** The functions lie elsewhere now. */
  move(ground: FunctionGround): void {
    const before = this.#ground
    this.#ground = ground
    if (before === null) this.#start()
    else if (before.release !== ground.release) this.#look()
  }

  /** Calls back when nothing is inside, at once when that is so already. */
  whenIdle(action: () => void): void {
    if (this.inside === 0) action()
    else this.#idle.push(action)
  }

  /** Ends the process. What is inside is settled no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    clearImmediate(this.#sending)
    for (const timer of [this.#pause, this.#deadline, ...this.#loading]) timer?.[Symbol.dispose]()
    this.#end(this.#process)
    this.#end(this.#next)
    await Promise.all(this.#ending)
  }

  #start(): void {
    if (this.#closed || this.#ground === null || this.#process !== null) return
    this.#isReady = false
    this.#process = this.#make(this.#ground, this.#version)
  }

  /** The files are not what they were: a process that has them is made ready beside the one in use. */
  #look(): void {
    if (this.#closed || this.#ground === null) return
    if (this.#failure !== null || this.#process === null) {
      if (this.#failure !== null) this.#version = null
      this.#bad = []
      this.#end(this.#process)
      this.#process = null
      this.#pause?.[Symbol.dispose]()
      this.#start()
      return
    }
    if (this.#next !== null && !this.#nextIsReady) {
      this.#isChanged = true
      return
    }
    this.#end(this.#next)
    this.#nextIsReady = false
    this.#next = this.#make(this.#ground, null)
  }

  /** A process, to be the one in use or to take its place. */
  #make(ground: FunctionGround, version: FunctionVersion | null): FunctionProcess {
    const { clock, log, route, function: wanted } = this.#parts
    const { loadMs } = functionBounds
    const loading = clock.after(loadMs, () => {
      this.#loading.delete(loading)
      if (this.#closed) return
      this.#end(process)
      this.#broke(process, `was not loaded within ${loadMs / 1_000} s`, [])
    })
    this.#loading.add(loading)
    const isLoaded = () => {
      this.#loading.delete(loading)
      loading[Symbol.dispose]()
    }
    const process: FunctionProcess = new FunctionProcess(ground, { route, function: wanted }, version, {
      ready: (found) => {
        isLoaded()
        if (process === this.#next) this.#nextReady(found)
        else this.#ready(found)
      },
      broken: (reason, files) => {
        isLoaded()
        if (process === this.#next) this.#broke(process, reason, files)
        // It stays, and looks after its files.
        else this.#unusable(reason)
      },
      answers: (heads, body, ms) => this.#answered(heads, body, ms),
      changed: () => this.#look(),
      says: (lines, more) => {
        for (const line of lines) log('info', `The function of route ${route} says: ${line}`)
        if (more > 0) log('info', `The function of route ${route} said ${more} lines more, which are not kept.`)
      },
      ended: (how) => {
        isLoaded()
        if (process === this.#process && (this.#isReady || this.#version !== null)) {
          this.#process = null
          this.#replace(how, null)
        } else this.#broke(process, how, [])
      },
    })
    return process
  }

  #ready(version: FunctionVersion | null): void {
    this.#version = version ?? this.#version
    this.#isReady = true
    if (this.#bad.length > 0) this.#process?.watch(this.#bad)
    else this.#loaded(null, false)
    this.#send()
  }

  #nextReady(version: FunctionVersion | null): void {
    this.#version = version
    this.#bad = []
    this.#nextIsReady = true
    this.#loaded(null, false)
    this.#change()
    this.#lookAgain()
  }

  /** A process did not come so far that it could be called. */
  #broke(process: FunctionProcess, reason: string, files: readonly string[]): void {
    if (process === this.#process) {
      this.#process = null
      if (this.#version === null) this.#unusable(reason)
      this.#again(brokenMs)
    } else if (process === this.#next) {
      this.#end(process)
      this.#next = null
      const wasReady = this.#nextIsReady
      this.#nextIsReady = false
      if (wasReady) return // the version is known, and is made again when it is needed
      this.#bad = files
      this.#process?.watch(files)
      this.#loaded(reason, true)
      this.#lookAgain()
    }
  }

  #lookAgain(): void {
    if (!this.#isChanged) return
    this.#isChanged = false
    this.#look()
  }

  /** Puts the newer process in the place of the older, once nothing is under way there. */
  #change(): void {
    if (this.#next === null || !this.#nextIsReady || this.#under.length > 0) return
    this.#end(this.#process)
    this.#pause?.[Symbol.dispose]()
    this.#process = this.#next
    this.#next = null
    this.#nextIsReady = false
    this.#isReady = true
    this.#send()
  }

  #send(): void {
    clearImmediate(this.#sending)
    this.#sending = undefined
    if (this.#next !== null && this.#nextIsReady) {
      if (this.#under.length === 0) this.#change()
      return
    }
    const process = this.#process
    if (process === null || !this.#isReady || this.#closed) return
    const most = this.#suspects > 0 ? 1 : functionBounds.under.calls
    const heads: CallHead[] = []
    const payloads: Uint8Array[] = []
    const wasIdle = this.#under.length === 0
    while (this.#under.length < most && (this.#underBytes < functionBounds.under.bytes || this.#under.length === 0)) {
      const call = this.#waiting.shift()
      if (call === undefined) break
      this.#under.push(call)
      this.#underBytes += call.bytes
      heads.push(call.head)
      payloads.push(call.payload)
    }
    if (heads.length === 0) return
    process.call(heads, payloads)
    if (wasIdle) this.#await()
  }

  /** The function has its time from now on. */
  #await(): void {
    this.#deadline?.[Symbol.dispose]()
    if (this.#under.length === 0) return
    const process = this.#process
    const first = this.#under.peek()
    const { clock, function: wanted } = this.#parts
    this.#deadline = clock.after(wanted.timeoutMs + slackMs, () => {
      // What has arrived while this thread was busy is read first.
      setImmediate(() => {
        if (this.#closed || process !== this.#process || first !== this.#under.peek()) return
        this.#end(process)
        this.#process = null
        this.#replace(`did not answer within ${wanted.timeoutMs} ms and was ended`, 'time')
      })
    })
  }

  #answered(heads: readonly AnswerHead[], body: Buffer, ms: number): void {
    let at = 0
    let failed = 0
    const settled: [Call, CallResult][] = []
    for (const head of heads) {
      const call = this.#under.shift()
      if (call === undefined) break
      this.#leave(call)
      if (this.#suspects > 0) this.#suspects--
      if (head[0] === 'filtered') settled.push([call, { kind: 'filtered' }])
      else if (head[0] === 'failed') {
        failed++
        settled.push([call, { kind: 'failed', reason: head[1] }])
      } else {
        const [kind, length] = head
        const part = body.subarray(at, at + length)
        at += length
        const payload = kind === 'bytes' ? part : part.toString()
        settled.push([call, { kind: 'made', payload, isJson: kind === 'json' }])
      }
    }
    this.#parts.ledger.answer(settled.length, failed, ms)
    this.#await()
    const each = ms / Math.max(1, settled.length)
    for (const [call, outcome] of settled) call.settle({ ...outcome, ms: each })
    this.#settled()
    this.#send()
  }

  /** The process is gone. What was with it alone is to blame; else the next shows which of them is. */
  #replace(how: string, why: 'time' | null): void {
    this.#deadline?.[Symbol.dispose]()
    this.#isReady = false
    const [first] = this.#under.values()
    const isCertain = this.#under.length === 1 && first !== undefined
    if (isCertain) {
      this.#under.shift()
      this.#leave(first)
      if (this.#suspects > 0) this.#suspects--
      if (why === 'time') this.#parts.ledger.timeOut()
      else this.#parts.ledger.end()
    } else {
      this.#suspects = Math.max(this.#suspects, this.#under.length)
      this.#waiting.unshift(this.#under.values())
      while (this.#under.shift()) {}
      this.#underBytes = 0
    }
    this.#parts.log('warn', `The process of the function of route ${this.#parts.route} ${how}. It is started again.`)
    if (this.#next !== null && this.#nextIsReady) this.#change()
    else this.#again(isCertain || this.#suspects === 0 ? this.#pauseMs() : 0)
    if (!isCertain || first === undefined) return
    const { file } = this.#parts.function
    first.settle({ kind: 'failed', reason: `${file} ${how} with this message`, ms: null })
    this.#settled()
  }

  #pauseMs(): number {
    const now = this.#parts.clock.monotonic()
    this.#ends = now - this.#endedAt > pauses.forgiveMs ? 1 : this.#ends + 1
    this.#endedAt = now
    return this.#ends === 1 ? 0 : Math.min(pauses.mostMs, pauses.firstMs * 2 ** (this.#ends - 2))
  }

  #again(ms: number): void {
    if (this.#closed) return
    this.#pause?.[Symbol.dispose]()
    this.#pause = this.#parts.clock.after(ms, () => this.#start())
  }

  /** There is nothing that messages could be given to. */
  #unusable(reason: string): void {
    this.#failure = `${this.#parts.function.file} cannot be used: ${reason}`
    this.#loaded(reason, false)
    this.#failAll()
  }

  #loaded(failure: string | null, keptOld: boolean): void {
    if (failure === null) this.#failure = null
    this.#parts.ledger.load(failure, keptOld)
  }

  #failAll(): void {
    const reason = this.#failure ?? ''
    for (let call = this.#waiting.shift(); call !== undefined; call = this.#waiting.shift()) {
      this.#bytes -= call.bytes
      call.settle({ kind: 'failed', reason, ms: null })
    }
    this.#settled()
  }

  #leave(call: Call): void {
    this.#underBytes -= call.bytes
    this.#bytes -= call.bytes
  }

  #settled(): void {
    this.#parts.onProgress()
    if (this.inside > 0) return
    const idle = this.#idle
    this.#idle = []
    for (const action of idle) action()
  }

  #end(process: FunctionProcess | null): void {
    if (process === null) return
    process.end()
    this.#ending.add(process.exited)
    void process.exited.then(() => this.#ending.delete(process.exited))
  }
}
