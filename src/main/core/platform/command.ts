import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { Clock } from './clock.ts'
import type { Runtime } from './programs.ts'

/** A short program run for its result, such as a probe's command. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** After this many milliseconds it is killed, with everything that it started in its group. */
  readonly timeoutMs: number
  /** Another user to run it as, where this process may do that. */
  readonly as?: { readonly uid: number; readonly gid: number }
  /** How much of the output is kept, its end; 4 kB unless told. */
  readonly outputBytes?: number
  /** Told what it writes to both outputs, as it comes. */
  readonly onOutput?: (text: string) => void
  /** Ends with this process, even when that is killed; for programs that take long. Its pid is that of the helper between the two. */
  readonly tied?: Runtime
}

export interface CommandResult {
  /** Null when it was killed or could not be started. */
  readonly code: number | null
  readonly signal: string | null
  readonly timedOut: boolean
  /** The end of what it wrote to both outputs. */
  readonly output: string
  /** Why it could not be started, if so. */
  readonly error: string | null
  /** Milliseconds from start to end. */
  readonly ms: number
}

const outputCap = 4_096
/** How long after its end what it wrote is waited for. Milliseconds. */
const heldOpenMs = 1_000

/** Runs a command to its end or to its time-out. Never rejects: what went wrong is in the result. */
export function runCommand(command: Command, clock: Clock, signal?: AbortSignal): Promise<CommandResult> {
  const began = clock.monotonic()
  const ownGroup = process.platform !== 'win32'
  const started = spawned(command, ownGroup)
  if (typeof started === 'string') {
    return Promise.resolve({ code: null, signal: null, timedOut: false, output: '', error: started, ms: 0 })
  }
  return new Promise((resolve) => {
    let output = ''
    let timedOut = false
    const { child, stdout, stderr } = started
    const kill = () => killWhole(child.pid, ownGroup)
    const timer = clock.after(command.timeoutMs, () => {
      timedOut = true
      kill()
    })
    signal?.addEventListener('abort', kill, { once: true })
    const finish = (result: Pick<CommandResult, 'code' | 'signal' | 'error'>) => {
      timer[Symbol.dispose]()
      signal?.removeEventListener('abort', kill)
      stdout.destroy()
      stderr.destroy()
      resolve({ ...result, timedOut, output, ms: clock.monotonic() - began })
    }
    const keep = (chunk: Buffer) => {
      const text = chunk.toString('utf8')
      output = (output + text).slice(-(command.outputBytes ?? outputCap))
      command.onOutput?.(text)
    }
    for (const stream of [stdout, stderr]) {
      stream.on('data', keep)
      // What it wrote and cannot be read is not shown; how it ended is told all the same.
      stream.on('error', () => {})
    }
    child.on('error', (error) => finish({ code: null, signal: null, error: reasonOf(error) }))
    child.once('exit', (code, by) => {
      timer[Symbol.dispose]()
      kill() // whatever it left in its group
      const ended = () => finish({ code, signal: by, error: null })
      // On a loaded machine its last words are read after its exit; a grandchild that left the group and holds the pipe open must
      // not hold up the answer for long.
      const patience = clock.after(heldOpenMs, ended)
      child.once('close', () => {
        patience[Symbol.dispose]()
        ended()
      })
    })
    if (signal?.aborted) kill()
  })
}

interface Spawned {
  readonly child: ChildProcess
  readonly stdout: Readable
  readonly stderr: Readable
}

/** Starts it, or tells why the system did not even try. */
function spawned({ file, args, cwd, env, as, tied }: Command, ownGroup: boolean): Spawned | string {
  let child: ChildProcess
  try {
    const before = tied ? [tied.program('tied-command'), file] : []
    child = spawn(tied?.node ?? file, [...before, ...args], {
      cwd,
      env: { ...env },
      detached: ownGroup,
      // The pipe is what ties it: it closes when this process ends.
      stdio: [tied ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      ...as,
    })
  } catch (error) {
    return reasonOf(error)
  }
  const { stdout, stderr } = child
  if (stdout && stderr) return { child, stdout, stderr }
  // Out of file descriptors there are no pipes, and the reason comes as an event, which nobody else would take.
  child.on('error', () => {})
  return `${reasons.EMFILE} (EMFILE)`
}

const reasons = {
  EMFILE: 'the console has as many files open as the system allows it',
  ENFILE: 'the system has as many files open as it can',
  E2BIG: 'its arguments and environment are longer than the system takes',
  EAGAIN: 'the system starts no more processes',
  ENOMEM: 'the system has no memory left for it',
} as const

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  for (const [known, reason] of Object.entries(reasons)) if (code === known) return `${reason} (${code})`
  return error instanceof Error ? error.message : String(error)
}

function killWhole(pid: number | undefined, ownGroup: boolean): void {
  if (pid === undefined) return
  try {
    process.kill(ownGroup ? -pid : pid, 'SIGKILL')
  } catch {
    // nothing left to kill
  }
}
