import type { Socket } from 'node:net'
import { longestEnvelope } from '#shared/contract/envelope.ts'
import { TransportListeners } from './transport-listeners.ts'

/** What a peer may leave untaken before it is given up. Bytes. */
export const mostUntaken = 32 * 1024 * 1024

/**
 * Envelopes over a local socket, one a line. Both ends of the control socket: the console's and the command line's. JSON has no
 * raw line breaks, so no envelope holds one.
 */
export class EnvelopeLines {
  readonly #socket: Socket
  readonly #listeners = new TransportListeners()
  readonly #longest: number
  #rest = ''

  /** `longest` line that is taken from the other side, in characters. */
  constructor(socket: Socket, longest: number = longestEnvelope) {
    this.#socket = socket
    this.#longest = longest
    socket.setEncoding('utf8')
    socket.on('data', (text) => this.#take(String(text)))
    socket.once('error', (error) => this.#listeners.end(error.message))
    socket.once('close', () => this.#listeners.end('the other side closed the connection'))
  }

  send(envelope: string): void {
    if (this.#listeners.ended !== null || this.#socket.destroyed) return
    this.#socket.write(`${envelope}\n`)
    if (this.#socket.writableLength > mostUntaken) this.#giveUp('the other side does not take what it asked for')
  }

  onEnvelope(listener: (envelope: string) => void): void {
    this.#listeners.onEnvelope(listener)
  }

  onClosed(listener: (reason: string) => void): void {
    this.#listeners.onClosed(listener)
  }

  /** Closes after what was sent has gone out; a peer that does not take it is not waited for long. */
  close(reason = 'closed'): void {
    if (this.#socket.destroyed) return
    this.#socket.end(() => this.#socket.destroy())
    this.#listeners.end(reason)
  }

  buffered(): number {
    return this.#socket.writableLength
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#listeners.receive(line)
    // A longer line would be refused by whoever reads it; do not gather it first.
    if (this.#rest.length > this.#longest) this.#giveUp('a line longer than an envelope may be')
  }

  #giveUp(reason: string): void {
    this.#socket.destroy()
    this.#listeners.end(reason)
  }
}
