import { chmod, lstat, mkdir, unlink } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import type { ServerTransport } from '#core/api/index.ts'
import { type Clock, type Logger, systemClock } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { dialControlSocket } from './control-client.ts'
import { EnvelopeLines } from './envelope-lines.ts'

/** Command lines that may be connected at once; more are turned away. */
const mostConnections = 32

export interface ControlSocketOptions {
  readonly path: string
  readonly logger: Logger
  readonly onTransport: (transport: ServerTransport) => void
  readonly clock?: Clock
}

/**
 * Listens for command lines: a Unix socket, mode 0600 in a folder 0700 of this user, so that reaching it proves who one is. A
 * socket file that an earlier run left behind is replaced; one that answers is not. Disposing it closes every connection.
 * Rejects with `control-socket-folder` when the folder is not this user's alone, `control-socket-taken` when somebody listens.
 */
export async function listenOnControlSocket(options: ControlSocketOptions): Promise<AsyncDisposable> {
  const { path, logger, clock = systemClock() } = options
  const isPipe = path.startsWith('\\\\')
  if (!isPipe) {
    await privateFolder(dirname(path))
    await removeStale(path)
  }
  const connections = new Map<Socket, EnvelopeLines>()
  const server = createServer((socket) => {
    const lines = new EnvelopeLines(socket)
    connections.set(socket, lines)
    socket.once('close', () => connections.delete(socket))
    lines.onClosed((reason) => logger.debug('A command line is gone.', { reason }))
    options.onTransport(lines)
  })
  server.maxConnections = mostConnections
  await listening(server, path)
  if (!isPipe) await chmod(path, 0o600)
  server.on('error', (error) => logger.error('The control socket failed.', { path, error: String(error) }))

  return {
    async [Symbol.asyncDispose]() {
      // Closing takes the socket file away as well.
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const connection of connections.values()) connection.close('the console closes')
      // A peer that does not take its last words must not keep the console from closing.
      using _impatience = clock.after(1_000, () => {
        for (const socket of connections.keys()) socket.destroy()
      })
      await closed
    },
  }
}

async function privateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { uid } = userInfo()
  const found = await lstat(folder)
  if (!found.isDirectory() || (uid >= 0 && found.uid !== uid)) {
    throw new ConsoleError(
      'control-socket-folder',
      `The folder ${folder} for the console's control socket belongs to somebody else.`,
      'Remove it, or set XDG_RUNTIME_DIR to a folder of your own, and start the console again.',
      { params: { folder } },
    )
  }
  if ((found.mode & 0o077) !== 0) await chmod(folder, 0o700)
}

async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null)
  if (!found) return
  const answering = await dialControlSocket(path).catch(() => null)
  if (answering) {
    answering.close()
    throw new ConsoleError(
      'control-socket-taken',
      `Another console already listens on ${path}.`,
      'Use that console, or stop it first.',
      { params: { path } },
    )
  }
  await unlink(path)
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
