import type { IpcMain, IpcMainEvent, WebContents } from 'electron'
import type { ServerTransport } from '#core/api/index.ts'
import type { Logger } from '#core/platform/index.ts'
import { envelopeKinds } from '#shared/contract/envelope.ts'
import { pipeChannel } from '../../preload/channel.ts'
import { appOrigin } from './app-protocol.ts'

export interface PipeOptions {
  readonly ipcMain: Pick<IpcMain, 'on' | 'off'>
  /** Whether a page belongs to a window that this host made. */
  isOwn(contents: WebContents): boolean
  /** Told of each new connection: one per greeting of a page. */
  onConnection(transport: ServerTransport): void
  readonly logger: Logger
}

/**
 * The main process's end of the preload pipe. Every single envelope is checked for where it comes from: the top frame, of
 * the console's own origin, in a window of ours; anything else is refused and logged, and never reaches the core. A page
 * that greets gets a transport; it ends when the page greets anew, navigates, crashes or is destroyed.
 */
export function openPipe(options: PipeOptions): Disposable {
  const { ipcMain, isOwn, onConnection, logger } = options
  const connections = new Map<WebContents, PipeTransport>()
  const known = new WeakSet<WebContents>()

  const watch = (contents: WebContents) => {
    if (known.has(contents)) return
    known.add(contents)
    const end = () => connections.get(contents)?.end()
    contents.on('did-navigate', end)
    contents.on('render-process-gone', end)
    contents.on('destroyed', end)
  }

  const receive = (event: IpcMainEvent, ...args: readonly unknown[]) => {
    const refusal = refusalOf(event, args, isOwn)
    if (refusal) {
      logger.warn(`An envelope on the pipe was refused: ${refusal}.`, { frame: event.senderFrame?.url ?? null })
      return
    }
    const [envelope] = args
    if (typeof envelope !== 'string') return
    const contents = event.sender
    if (envelope.startsWith(envelopeKinds.hello)) {
      watch(contents)
      connections.get(contents)?.end()
      const transport = new PipeTransport(contents, () => {
        if (connections.get(contents) === transport) connections.delete(contents)
      })
      connections.set(contents, transport)
      onConnection(transport)
      transport.take(envelope)
      return
    }
    if (envelope.startsWith(envelopeKinds.closed)) {
      connections.get(contents)?.end()
      return
    }
    // What comes after a connection was closed, and before the page greets again, has nobody to go to.
    connections.get(contents)?.take(envelope)
  }

  ipcMain.on(pipeChannel, receive)
  return {
    [Symbol.dispose]: () => {
      ipcMain.off(pipeChannel, receive)
      for (const transport of [...connections.values()]) transport.end()
    },
  }
}

/** Why a message is not taken, or undefined where it is. Reading the frame first: it is null once the page has gone. */
function refusalOf(
  event: IpcMainEvent,
  args: readonly unknown[],
  isOwn: (contents: WebContents) => boolean,
): string | undefined {
  const frame = event.senderFrame
  if (!frame) return 'the page that sent it has gone'
  if (!isOwn(event.sender)) return 'its window is not one of the console'
  if (frame !== event.sender.mainFrame) return 'it comes from a frame inside the page'
  if (frame.origin !== appOrigin) return `its origin is ${frame.origin}`
  if (args.length !== 1 || typeof args[0] !== 'string') return 'it is not one string'
  return undefined
}

/** One greeting's worth of envelopes. IPC tells nothing of what the page has taken: credit alone bounds what is under way. */
class PipeTransport implements ServerTransport {
  readonly #contents: WebContents
  readonly #forget: () => void
  #listener: ((envelope: string) => void) | null = null
  readonly #closed: (() => void)[] = []
  /** Envelopes that came before anyone listened: the greeting, while the console still opens. */
  #early: string[] = []
  #over = false

  constructor(contents: WebContents, forget: () => void) {
    this.#contents = contents
    this.#forget = forget
  }

  send(envelope: string): void {
    if (!this.#over && !this.#contents.isDestroyed()) this.#contents.send(pipeChannel, envelope)
  }

  onEnvelope(listener: (envelope: string) => void): void {
    this.#listener = listener
    for (const envelope of this.#early.splice(0)) listener(envelope)
  }

  onClosed(listener: () => void): void {
    if (this.#over) listener()
    else this.#closed.push(listener)
  }

  /** The pipe itself stays; the page is told by a closing envelope, and may greet again. */
  close(reason: string): void {
    if (this.#over) return
    this.send(envelopeKinds.closed + reason)
    this.end()
  }

  buffered(): number {
    return 0
  }

  take(envelope: string): void {
    if (this.#over) return
    if (this.#listener) this.#listener(envelope)
    else if (this.#early.length < mostEarly) this.#early.push(envelope)
    else this.close('too much was sent before the console was ready')
  }

  /** Ends it from the page's side. */
  end(): void {
    if (this.#over) return
    this.#over = true
    this.#early = []
    this.#forget()
    for (const listener of this.#closed.splice(0)) listener()
  }
}

/** A page sends one greeting and waits for the answer. */
const mostEarly = 16
