import { spawn } from 'node:child_process'
import type { Clock } from './clock.ts'

/** A short program run for its result, such as a probe's command. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** After this many milliseconds it is killed, with everything that it started in its group. */
  readonly timeoutMs: number
}

export interface CommandResult {
  /** Null when it was killed or could not be started. */
  readonly code: number | null
  readonly signal: string | null
  readonly timedOut: boolean
  /** The last 4 kB of what it wrote to both outputs. */
  readonly output: string
  /** Why it could not be started, if so. */
  readonly error: string | null
  /** Milliseconds from start to end. */
  readonly ms: number
}

const outputCap = 4_096

/** Runs a command to its end or to its time-out. Never rejects: what went wrong is in the result. */
export function runCommand(command: Command, clock: Clock, signal?: AbortSignal): Promise<CommandResult> {
  const began = clock.monotonic()
  return new Promise((resolve) => {
    let output = ''
    let timedOut = false
    const ownGroup = process.platform !== 'win32'
    const child = spawn(command.file, [...command.args], {
      cwd: command.cwd,
      env: { ...command.env },
      detached: ownGroup,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const kill = () => killWhole(child.pid, ownGroup)
    const timer = clock.after(command.timeoutMs, () => {
      timedOut = true
      kill()
    })
    signal?.addEventListener('abort', kill, { once: true })
    const finish = (result: Pick<CommandResult, 'code' | 'signal' | 'error'>) => {
      timer[Symbol.dispose]()
      signal?.removeEventListener('abort', kill)
      child.stdout.destroy()
      child.stderr.destroy()
      resolve({ ...result, timedOut, output, ms: clock.monotonic() - began })
    }
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-outputCap)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', (error) => finish({ code: null, signal: null, error: error.message }))
    // 'exit', not 'close': a grandchild that holds the pipe open must not hold up the answer.
    child.once('exit', (code, by) => {
      setImmediate(() => {
        kill() // whatever it left in its group
        finish({ code, signal: by, error: null })
      })
    })
    if (signal?.aborted) kill()
  })
}

function killWhole(pid: number | undefined, ownGroup: boolean): void {
  if (pid === undefined) return
  try {
    process.kill(ownGroup ? -pid : pid, 'SIGKILL')
  } catch {
    // nothing left to kill
  }
}
