import { createInterface } from 'node:readline'
import { startProgram } from './started-program.ts'
import type { StarterMessage, StartRequest } from './starter-protocol.ts'

/**
 * Helper process: starts the programs of a site for the console and tells how each of them ended. A process is copied when it starts
 * another one, and the console is twenty times as large as this. Ends with its input; what it started goes on.
 *
 *     starter      requests on stdin, answers on stdout, see starter-protocol.ts
 */
const parent = process.ppid
const say = (message: StarterMessage) => void process.stdout.write(`${JSON.stringify(message)}\n`)

// It ends with the console, after the console has stopped what runs: a signal to all processes of the console must not end it before.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
process.stdout.on('error', () => process.exit()) // nobody listens any more

let turn: Promise<void> = Promise.resolve()
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const request: StartRequest = JSON.parse(line)
    turn = turn.then(() => answer(request))
  })
  .once('close', () => process.exit())

async function answer({ id, options }: StartRequest): Promise<void> {
  // Nothing is started for a console that has died: the next one may have looked for what is left of it already.
  if (process.ppid !== parent) process.exit()
  const started = await startProgram(options)
  if ('fault' in started) {
    say({ type: 'not-started', id, fault: started })
    return
  }
  const { pid, startTicks, exited } = started
  say({ type: 'started', id, pid, startTicks })
  void exited.then((exit) => say({ type: 'exited', id, ...exit }))
}
