import { EventEmitter } from 'node:events'
import type { IpcMain, IpcMainEvent, WebContents } from 'electron'
import { silentLogger } from '#core/platform/index.ts'
import { appOrigin } from '../../src/main/electron/app-protocol.ts'
import { openPipe } from '../../src/main/electron/pipe.ts'
import { pipeChannel } from '../../src/preload/channel.ts'
import { pipeDialer } from '../../src/renderer/transport/pipe-transport.ts'
import { contractSuite } from './contract-suite.ts'

/** Both ends of the pipe as they are, over a main process reduced to its IPC: one page per connection. */
contractSuite('the preload pipe', async (console) => {
  const main = new EventEmitter()
  const pipe = openPipe({
    ipcMain: main as unknown as IpcMain,
    isOwn: () => true,
    onConnection: (transport) => console.connect(transport, { client: 'window', token: null }),
    logger: silentLogger,
  })
  return {
    token: undefined,
    connect: async () => pipeDialer(new Page(main))(),
    [Symbol.asyncDispose]: async () => pipe[Symbol.dispose](),
  }
})

/** A page with the preload's two functions, and the main process's view of it. IPC is asynchronous and copies. */
class Page extends EventEmitter {
  readonly mainFrame = { origin: appOrigin, url: `${appOrigin}/` }
  readonly #main: EventEmitter
  #listener: (envelope: string) => void = () => {}

  constructor(main: EventEmitter) {
    super()
    this.#main = main
  }

  /** The preload's side. */
  onEnvelope(listener: (envelope: string) => void): void {
    this.#listener = listener
  }

  /** The preload sends with one argument, the main process with a channel and one. */
  send(...words: readonly string[]): void {
    const [first = '', second] = words
    if (second !== undefined) setImmediate(() => this.#listener(second))
    else {
      const event = { sender: this as unknown as WebContents, senderFrame: this.mainFrame } as unknown as IpcMainEvent
      setImmediate(() => this.#main.emit(pipeChannel, event, first))
    }
  }

  isDestroyed(): boolean {
    return false
  }
}
