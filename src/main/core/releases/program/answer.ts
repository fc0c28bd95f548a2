import { diskProblem } from '#core/platform/index.ts'
import { ConsoleError, type Problem } from '#shared/problem.ts'
import { type FromHelper, type Method, methods, requestSchema, type WorkPorts } from './messages.ts'
import { runPack } from './pack-run.ts'
import { runPrepare } from './prepare-run.ts'
import { runDiffer, runRemove, runSeal, runVerify } from './tree-runs.ts'

/** Does what one line asks for, and says what came of it. Never rejects. */
export async function answer(line: string, say: (message: FromHelper) => void): Promise<void> {
  let last = 0
  const ports: WorkPorts = {
    progress(done, total, unit) {
      const now = performance.now()
      if (now - last < progressEveryMs && done !== total) return
      last = now
      say({ type: 'progress', done, total, unit })
    },
    log: (text) => say({ type: 'log', line: text }),
  }
  try {
    const { method, input } = requestSchema.parse(JSON.parse(line))
    say({ type: 'done', value: await run(method, input, ports) })
  } catch (error) {
    say({ type: 'failed', problem: problemOf(error) })
  }
}

const progressEveryMs = 100

async function run(method: string, input: unknown, ports: WorkPorts): Promise<unknown> {
  if (!isMethod(method)) throw new Error(`unknown request ${method}`)
  switch (method) {
    case 'prepare':
      return runPrepare(methods.prepare.input.parse(input), ports)
    case 'seal':
      return runSeal(methods.seal.input.parse(input), ports)
    case 'verify':
      return runVerify(methods.verify.input.parse(input), ports)
    case 'differ':
      return runDiffer(methods.differ.input.parse(input), ports)
    case 'remove':
      return runRemove(methods.remove.input.parse(input))
    case 'pack':
      return runPack(methods.pack.input.parse(input), ports)
  }
}

function isMethod(name: string): name is Method {
  return Object.hasOwn(methods, name)
}

function problemOf(error: unknown): Problem {
  const told = diskProblem(asFull(error), 'The work on the release')
  if (told instanceof ConsoleError) return told.problem
  return new ConsoleError(
    'release-failed',
    `The work on the release could not go on: ${error instanceof Error ? error.message : String(error)}.`,
    'Look at the log of the console for details, then try again.',
    { params: { stack: error instanceof Error ? (error.stack ?? null) : null } },
  ).problem
}

function asFull(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new ConsoleError(
    'disk-full',
    'The work on the release stopped because the disk is full. The site was not touched.',
    'Free space on the disk of the site, for example with wheelhouse releases remove, then try again.',
    { retryable: true, cause: error },
  )
}
