import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { dirname } from 'node:path'
import type { RouteFunction } from '#core/config/index.ts'
import { type Frame, FrameReader, frameOf } from './frames.ts'
import {
  type AnswerHead,
  type CallHead,
  type FromFunction,
  functionBounds,
  largestFrame,
  type RememberedFile,
  type ToFunction,
} from './function-protocol.ts'

/** Where the functions of a site lie, and what runs them. */
export interface FunctionGround {
  /** Absolute path of the Node that runs them. */
  readonly node: string
  /** The program of their processes, and the thread in it that guards it. */
  readonly program: string
  readonly guard: string
  /** Folder of the release, absolute and without links. */
  readonly release: string
}

/** The files of a function as they were when it could last be loaded. */
export interface FunctionVersion {
  /** Where they lay. */
  readonly release: string
  readonly files: readonly RememberedFile[]
  /** Their texts, one after the other. */
  readonly texts: Buffer
}

export interface FunctionProcessHooks {
  /** It can be called. `version`: what it was made of; null when that is not remembered. */
  ready(version: FunctionVersion | null): void
  /** It cannot be loaded: the end of a sentence, and the files that have to do with it. */
  broken(reason: string, files: readonly string[]): void
  /** What became of the next calls. */
  answers(heads: readonly AnswerHead[], body: Buffer, ms: number): void
  changed(): void
  says(lines: readonly string[], more: number): void
  /** It ended unasked: how, the end of a sentence. Nothing else is told after this. */
  ended(how: string): void
}

/**
 * One process of one function, with reduced rights: it reads the release and Node's own modules, writes no file, starts no program, and is
 * given nothing of the console's environment. It outlives nobody: a thread in it ends it when the console's end of a pipe is gone.
 */
export class FunctionProcess {
  readonly #hooks: FunctionProcessHooks
  readonly #release: string
  readonly #child: ChildProcess
  readonly #line: Socket | null
  readonly #exited = Promise.withResolvers<void>()
  #guardSaid = ''
  #isOver = false

  constructor(
    ground: FunctionGround,
    order: { readonly route: string; readonly function: RouteFunction },
    version: FunctionVersion | null,
    hooks: FunctionProcessHooks,
  ) {
    this.#hooks = hooks
    const { node, program, guard } = ground
    const release = version?.release ?? ground.release
    this.#release = release
    const rights = [
      '--permission',
      '--allow-worker',
      ...[dirname(program), release].map((one) => `--allow-fs-read=${one}`),
    ]
    const { heapMb } = functionBounds
    this.#child = spawn(
      node,
      [...rights, `--max-old-space-size=${heapMb}`, '--disable-warning=PERM0006', program, guard],
      {
        cwd: dirname(program),
        env: environment(),
        stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
        detached: true,
      },
    )
    const [line, guardLine] = this.#child.stdio.slice(3)
    this.#line = line instanceof Socket ? line : null
    const reader = new FrameReader<FromFunction>(largestFrame, (frame) => this.#hear(frame))
    this.#line?.on('data', (chunk: Buffer) => this.#take(reader, chunk))
    this.#line?.on('error', () => {})
    if (guardLine instanceof Socket) {
      guardLine.on('data', (said: Buffer) => (this.#guardSaid += said.toString()))
      guardLine.on('error', () => {})
    }
    this.#child.on('error', (error) => this.#over(`could not be started: ${error.message}`))
    this.#child.on('exit', (code, signal) => {
      this.#exited.resolve()
      // What it said last comes before its end.
      setImmediate(() => this.#over(this.#howItEnded(code, signal)))
    })
    this.#say(
      { type: 'load', order: { ...order, release }, version: version?.files ?? [] },
      version ? [version.texts] : [],
    )
  }

  /** Resolves when the process is gone. */
  get exited(): Promise<void> {
    return this.#exited.promise
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  call(calls: readonly CallHead[], payloads: readonly Uint8Array[]): void {
    this.#say({ type: 'calls', calls }, payloads)
  }

  watch(files: readonly string[]): void {
    this.#say({ type: 'watch', files })
  }

  /** Ends it at once; nothing is told of it any more. */
  end(): void {
    this.#isOver = true
    this.#line?.destroy()
    if (this.#child.pid === undefined) this.#exited.resolve()
    else this.#child.kill('SIGKILL')
  }

  #say(head: ToFunction, parts: readonly Uint8Array[] = []): void {
    if (!this.#isOver) this.#line?.write(frameOf(head, parts))
  }

  #take(reader: FrameReader<FromFunction>, chunk: Buffer): void {
    try {
      reader.take(chunk)
    } catch (error) {
      this.#over(`was ended, as ${error instanceof Error ? error.message : String(error)}`)
      this.end()
    }
  }

  #hear({ head, body }: Frame<FromFunction>): void {
    if (this.#isOver) return
    switch (head.type) {
      case 'ready':
        this.#hooks.ready(head.version && { release: this.#release, files: head.version, texts: Buffer.from(body) })
        break
      case 'broken':
        this.#hooks.broken(head.reason, head.files)
        break
      case 'answers':
        this.#hooks.answers(head.answers, body, head.ms)
        break
      case 'changed':
        this.#hooks.changed()
        break
      case 'says':
        this.#hooks.says(head.lines, head.more)
        break
    }
  }

  #over(how: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#line?.destroy()
    this.#hooks.ended(how)
  }

  #howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
    if (this.#guardSaid === 'memory') return `needed more than ${functionBounds.memoryMb} MB of memory and was ended`
    if (signal === 'SIGABRT') return `needed more than ${functionBounds.heapMb} MB of memory and ended`
    return signal === null ? `ended by itself with code ${code}` : `was ended by ${signal}`
  }
}

/** What any program needs to speak and reckon as the machine does; nothing else of the console's environment. */
function environment(): Record<string, string> {
  const names = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'SystemRoot']
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}
