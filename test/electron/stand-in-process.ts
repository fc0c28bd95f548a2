import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import type { Launch, RunningApp } from './desktop.ts'
import type { ControlAnswer, ControlCall } from './stand-in/control.ts'
import type { Settings } from './stand-in/settings.ts'

/** Debian's Chromium, the milestone of the Electron that is used. */
const chromiumPath = process.env.WHEELHOUSE_CHROMIUM ?? '/usr/bin/chromium'

/** Starts the app under Node with the stand-in for `electron`. Resolves when Chromium runs, or when the app ended before. */
export async function launchStandIn({ entry, root, scratch, args, env }: Launch): Promise<RunningApp> {
  const settings: Settings = { root, chromium: chromiumPath, profile: join(scratch, 'chromium') }
  const child = spawn(
    process.execPath,
    ['--import', join(import.meta.dirname, 'stand-in', 'register.ts'), entry, ...args],
    {
      cwd: root,
      env: { ...env, ELECTRON_STAND_IN: JSON.stringify(settings) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8')
    stream?.on('data', (text: string) => {
      output += text
    })
  }
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.on('exit', (code, signal) => resolve({ code, signal })),
  )

  let lastCall = 0
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  const started = new Promise<{ readonly endpoint: string; readonly pid: number } | null>((resolve) => {
    child.on('message', (answer: ControlAnswer) => {
      if ('chromium' in answer) {
        resolve(answer.chromium)
        return
      }
      const call = waiting.get(answer.id)
      waiting.delete(answer.id)
      if ('error' in answer) call?.reject(new Error(answer.error))
      else call?.resolve(answer.value)
    })
    void exited.then(() => {
      resolve(null)
      for (const { reject } of waiting.values()) reject(new Error(`The app has ended. It wrote:\n${output}`))
    })
  })
  const run = (source: string, argument: unknown) =>
    new Promise<unknown>((resolve, reject) => {
      const call: ControlCall = { id: ++lastCall, source, argument }
      waiting.set(call.id, { resolve, reject })
      child.send(call, (error) => error && reject(new Error(`The app has ended. It wrote:\n${output}`)))
    })

  const running = await started
  const browser: Browser | null = running && (await chromium.connectOverCDP(running.endpoint))
  return {
    pid: child.pid ?? 0,
    output: () => output,
    pages: () => browser?.contexts().flatMap((context) => context.pages()) ?? [],
    evaluate: (call, argument) => run(call.toString(), argument).then((value) => unchecked(value)),
    shown: (look, argument) => run(look.toString(), argument).then((value) => unchecked(value)),
    exited,
    kill: (signal) => void child.kill(signal),
    closeOutput() {
      child.stdout?.destroy()
      child.stderr?.destroy()
    },
    async dispose() {
      // In order first, so that a test that failed leaves no services behind.
      child.kill('SIGTERM')
      const patience = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await exited
      clearTimeout(patience)
      await browser?.close().catch(() => {})
      // It ends with the app, but goes on writing to its profile for a moment.
      if (running) await ended(running.pid)
    },
  }
}

/** Kills a process that this test started, where it still runs, and waits until it is gone. */
async function ended(pid: number): Promise<void> {
  const isThere = () => {
    try {
      return process.kill(pid, 'SIGKILL')
    } catch {
      return false
    }
  }
  while (isThere()) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** What came over a channel that types cannot follow: a test's own function made it. */
function unchecked<T>(value: unknown): T
function unchecked(value: unknown): unknown {
  return value
}
