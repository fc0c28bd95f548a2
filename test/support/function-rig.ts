import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RouteFunction } from '#core/config/index.ts'
import { CallLedger } from '#core/messaging/function/call-ledger.ts'
import { functionGround } from '#core/messaging/function/function-ground.ts'
import { type CallOutcome, FunctionRunner } from '#core/messaging/function/function-runner.ts'
import { temporaryFolder } from './folders.ts'
import { ManualClock } from './manual-clock.ts'
import { testRuntime } from './runtime.ts'
import { until } from './until.ts'

/** A function of a route as site.yaml would have it. */
export function routeFunction(given: Partial<RouteFunction> = {}): RouteFunction {
  return { file: 'f.mjs', export: 'default', timeoutMs: 200, payload: 'json', ...given }
}

/** The runner of one function, in a real process, with a clock that is moved by hand. */
export interface FunctionRig extends AsyncDisposable {
  readonly runner: FunctionRunner
  readonly clock: ManualClock
  readonly ledger: CallLedger
  readonly said: readonly string[]
  readonly outcomes: readonly CallOutcome[]
  /** Gives it messages with these payloads, of one turn. */
  give(...payloads: readonly unknown[]): void
  /** Waits for so many outcomes in all, and tells what was made of each in a few words. */
  results(count: number): Promise<readonly string[]>
  write(file: string, text: string): void
}

export async function functionRig(
  files: Readonly<Record<string, string>>,
  given: Partial<RouteFunction> = {},
): Promise<FunctionRig> {
  const folder = temporaryFolder()
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder.path, file)), { recursive: true })
    writeFileSync(join(folder.path, file), text)
  }
  for (const [file, text] of Object.entries(files)) write(file, text)
  const clock = new ManualClock()
  const ledger = new CallLedger(() => {})
  const said: string[] = []
  const outcomes: CallOutcome[] = []
  const runner = new FunctionRunner(
    {
      route: 'r',
      function: routeFunction(given),
      clock,
      ledger,
      log: (_level, message) => said.push(message),
      onProgress: () => {},
    },
    await functionGround(folder.path, testRuntime()),
  )
  return {
    runner,
    clock,
    ledger,
    said,
    outcomes,
    write,
    give: (...payloads) => {
      for (const one of payloads) {
        const payload = Buffer.isBuffer(one) ? one : Buffer.from(JSON.stringify(one))
        runner.push({
          head: ['desk/7/status', Date.UTC(2026, 0, 5), false, 1, null, payload.length, 'unit-7'],
          payload,
          bytes: payload.length,
          settle: (outcome) => outcomes.push(outcome),
        })
      }
    },
    results: async (count) => {
      await until(`${count} messages to be through`, () => outcomes.length >= count)
      return outcomes.map(wordsOf)
    },
    [Symbol.asyncDispose]: async () => {
      await runner[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

function wordsOf(outcome: CallOutcome): string {
  if (outcome.kind === 'filtered') return 'filtered'
  if (outcome.kind === 'failed') return `failed: ${outcome.reason}`
  return typeof outcome.payload === 'string' ? outcome.payload : `bytes ${Buffer.from(outcome.payload).toString('hex')}`
}
