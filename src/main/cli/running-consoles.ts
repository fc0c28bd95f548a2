import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, controlSocketPath, type UserFolders } from '#core/platform/index.ts'
import { type Connection, greet } from '#shared/client/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { dialControlSocket } from '../console/control-client.ts'

/** How long a console that accepts the connection has to answer the greeting. Milliseconds. */
const answerWithinMs = 5_000

/** Connects to the console that has this site open (absolute folder); null when none has. */
export async function consoleOf(folders: UserFolders, directory: string, clock: Clock): Promise<Connection | null> {
  return connectTo(controlSocketPath(folders, await realpath(directory)), clock)
}

/** Connects to every console of this user that answers. Where one is stuck the others are found all the same. */
export async function runningConsoles(folders: UserFolders, clock: Clock): Promise<readonly Connection[]> {
  const names = await readdir(folders.runtime).catch(() => [])
  const sockets = names.filter((name) => name.endsWith('.sock')).map((name) => join(folders.runtime, name))
  const found = await Promise.all(sockets.map((path) => connectTo(path, clock).catch(() => null)))
  return found.filter((connection) => connection !== null)
}

/** Null when nobody listens there, such as a socket file of a console that was killed. */
async function connectTo(path: string, clock: Clock): Promise<Connection | null> {
  const transport = await dialControlSocket(path).catch(() => null)
  if (!transport) return null
  const late = Promise.withResolvers<never>()
  using _deadline = clock.after(answerWithinMs, () => {
    late.reject(
      new ConsoleError(
        'console-not-answering',
        `The console behind ${path} does not answer.`,
        'Wait a moment and try again; if it stays so, stop that console and start it anew.',
        { params: { path }, retryable: true },
      ),
    )
    transport.close()
  })
  return await Promise.race([greet(transport, { client: 'command line' }), late.promise])
}
