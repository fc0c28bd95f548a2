import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import type { Runtime } from '#core/platform/index.ts'

/** Signals that are meant for the console, whichever process they are sent to. */
const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs the console without a window, on the services' Node, in place of the desktop app: same terminal, same signals. Resolves with the exit
 * code. A desktop app that must have a display cannot be asked for this everywhere; `bin/wheelhouse start --headless` needs none.
 */
export function becomeHeadless(
  runtime: Runtime,
  args: readonly string[],
  self: Pick<NodeJS.Process, 'on' | 'off' | 'stderr'>,
): Promise<number> {
  const program = join(dirname(runtime.program('starter')), 'headless.js')
  const child = spawn(runtime.node, [program, ...args], { stdio: 'inherit' })
  const passing = passedOn.map((signal) => [signal, () => void child.kill(signal)] as const)
  for (const [signal, pass] of passing) self.on(signal, pass)
  return new Promise<number>((resolve) => {
    child.once('error', (error) => {
      self.stderr.write(`The console could not be started without a window: ${error.message}\n`)
      resolve(1)
    })
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  }).finally(() => {
    for (const [signal, pass] of passing) self.off(signal, pass)
  })
}
