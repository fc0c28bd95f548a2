import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { JobContext } from '#core/jobs/index.ts'
import type { Logger, Runtime } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { type FromHelper, fromHelper, type Input, type Method, methods, type Output } from './messages.ts'

export interface HelperOptions {
  readonly runtime: Runtime
  readonly logger: Logger
  /** Aborting ends the helper and what it has started. */
  readonly signal?: AbortSignal
  readonly onProgress?: JobContext['progress']
  readonly onLog?: (line: string) => void
}

/** A helper that was told to end has as long, to end git; then it is killed. Milliseconds. */
const endsWithinMs = 2_000

/**
 * Asks one thing of a helper process of its own and resolves with its answer, once the process has ended. Rejects with the helper's
 * ConsoleError, with `release-helper-ended`, or with the signal's reason.
 */
export async function askHelper<M extends Method>(
  method: M,
  input: Input<M>,
  { runtime, logger, signal, onProgress, onLog }: HelperOptions,
): Promise<Output<M>> {
  signal?.throwIfAborted()
  const child = spawn(runtime.node, ['--max-old-space-size=768', runtime.program('release')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environment(),
    windowsHide: true,
  })
  let errors = ''
  let answered: FromHelper | undefined
  let killing: NodeJS.Timeout | undefined
  const ended = new Promise<void>((resolve) => {
    child.once('close', resolve)
    child.once('error', (error) => {
      errors += error.message
    })
  })
  // Its input ending is what it listens for: it ends git first.
  const stop = () => {
    child.stdin.end()
    killing ??= setTimeout(() => child.kill('SIGKILL'), endsWithinMs)
  }
  child.stdin.on('error', () => {}) // A helper that is gone already is told by `close`.
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4_000)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = understood(line)
    if (!message) logger.warn('A release helper said something that cannot be understood.', { length: line.length })
    else if (message.type === 'progress') onProgress?.(message.done, message.total, message.unit)
    else if (message.type === 'log') onLog?.(message.line)
    else {
      answered = message
      stop()
    }
  })
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  else child.stdin.write(`${JSON.stringify({ method, input })}\n`)
  try {
    await ended
  } finally {
    clearTimeout(killing)
    signal?.removeEventListener('abort', stop)
  }
  signal?.throwIfAborted()
  if (answered?.type === 'done') return methods[method].output.parse(answered.value) as Output<M>
  if (answered?.type !== 'failed') throw endedEarly(errors)
  if (answered.problem.code === 'release-failed')
    logger.error(answered.problem.message, { stack: answered.problem.params.stack })
  throw ConsoleError.from(answered.problem)
}

function understood(line: string): FromHelper | undefined {
  try {
    return fromHelper.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

/** What the helper inherits: enough to run, and what git needs to reach a server. Crash points stay with the console. */
function environment(): Record<string, string> {
  const found: Record<string, string> = {}
  const names = [
    'PATH',
    'HOME',
    'LANG',
    'TMPDIR',
    'SystemRoot',
    'TEMP',
    'APPDATA',
    'SSH_AUTH_SOCK',
    'https_proxy',
    'no_proxy',
  ]
  for (const name of names) {
    const value = process.env[name]
    if (value !== undefined) found[name] = value
  }
  return found
}

function endedEarly(errors: string): ConsoleError {
  const last = errors.trim().split('\n').at(-1)
  return new ConsoleError(
    'release-helper-ended',
    `The release helper ended before it had answered${last ? `: ${last}` : ''}.`,
    'Try again; look at the log of the console if it happens again.',
    { params: { errors }, retryable: true },
  )
}
