import { join } from 'node:path'
import { _electron } from 'playwright-core'
import type { Launch, RunningApp } from './desktop.ts'

/** Starts the app on the Electron that `ELECTRON_OVERRIDE_DIST_PATH` names. */
export async function launchElectron({ entry, args, env }: Launch): Promise<RunningApp> {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? ''
  const app = await _electron.launch({
    executablePath: join(folder, process.platform === 'win32' ? 'electron.exe' : 'electron'),
    args: [entry, ...args],
    env: { ...env },
  })
  const child = app.process()
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (bytes: Buffer) => {
      output += bytes.toString('utf8')
    })
  }
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.on('exit', (code, signal) => resolve({ code, signal })),
  )
  return {
    pid: child.pid ?? 0,
    output: () => output,
    pages: () => app.windows(),
    // Playwright's own types wrap the argument in handles; what arrives in the main process is the same.
    evaluate: (run, argument) =>
      app.evaluate(
        (electron, { source, argument }) =>
          new Function('electron', 'argument', `return (${source})(electron, argument)`)(electron, argument),
        {
          source: run.toString(),
          argument,
        },
      ),
    shown: () => Promise.reject(new Error('What shows on a real screen cannot be looked at.')),
    exited,
    kill: (signal) => void child.kill(signal),
    closeOutput() {
      child.stdout?.destroy()
      child.stderr?.destroy()
    },
    async dispose() {
      child.kill('SIGTERM')
      const patience = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await exited
      clearTimeout(patience)
    },
  }
}
