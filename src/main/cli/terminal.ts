import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { printable, withoutControls } from './words.ts'

/** Where the command line reads and writes. Results go to `out`, everything about how it goes to `err`; neither can be made to steer what shows it. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** Writes bytes as they are as the result; resolves when there is room for more. */
  raw(bytes: Uint8Array): Promise<void>
  /** Shows one line that the next one replaces; null takes it away. Nothing where nobody watches. */
  progress(line: string | null): void
  /** Asks a yes-or-no question; null where nobody can answer. */
  ask(question: string): Promise<boolean | null>
  /** Asks for something that must not be seen on the screen; null where nobody can answer. An empty answer is one. */
  askSecret(question: string): Promise<string | null>
  /** All of what is piped in, as text; null where somebody sits there. Rejects beyond 64 KiB. */
  piped(): Promise<string | null>
  /** Calls `action` at every Ctrl-C until disposed; without a listener Ctrl-C ends the command. */
  onInterrupt(action: () => void): Disposable
  /** Resolves when nobody reads results any more, which a write finds out. */
  readonly unread: Promise<void>
}

/** The terminal of this process. */
export interface ProcessTerminal extends Terminal {
  /** Resolves once everything is written, with the error of what could not be; a reader that went away is none. */
  written(): Promise<Error | null>
}

const clearLine = '\r\u001b[2K'

export function processTerminal(): ProcessTerminal {
  const { stdin, stdout, stderr } = process
  // `| head` goes away when it has enough.
  const { promise: unread, resolve } = Promise.withResolvers<void>()
  let failure: Error | null = null
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') failure ??= error
    resolve()
  })
  stderr.on('error', () => {})
  let shown = false
  const clear = () => {
    if (shown) stderr.write(clearLine)
    shown = false
  }
  return {
    unread,
    async written() {
      // Ending takes away what a pipe has not taken yet: a long answer would be cut off in the middle.
      for (const stream of [stdout, stderr]) await new Promise((done) => stream.write('', done))
      return failure
    },
    out(text) {
      clear()
      stdout.write(`${withoutControls(text)}\n`)
    },
    async raw(bytes) {
      if (!stdout.write(bytes)) await Promise.race([once(stdout, 'drain'), unread])
    },
    err(text) {
      clear()
      stderr.write(`${withoutControls(text)}\n`)
    },
    progress(line) {
      if (!stderr.isTTY) return
      clear()
      if (line === null) return
      stderr.write(printable(line).slice(0, Math.max(20, stderr.columns - 1)))
      shown = true
    },
    async ask(question) {
      if (!stdin.isTTY || !stderr.isTTY) return null
      clear()
      const reader = createInterface({ input: stdin, output: stderr })
      try {
        return /^y(es)?$/i.test((await reader.question(`${withoutControls(question)} [y/N] `)).trim())
      } finally {
        reader.close()
      }
    },
    async askSecret(question) {
      if (!stdin.isTTY || !stderr.isTTY) return null
      clear()
      stderr.write(`${question} `)
      // The reader echoes what is typed to its output: there is none.
      const reader = createInterface({
        input: stdin,
        output: new Writable({ write: (_, __, done) => done() }),
        terminal: true,
      })
      const interrupted = new AbortController()
      reader.once('SIGINT', () => interrupted.abort())
      try {
        return await reader.question('', { signal: interrupted.signal })
      } catch {
        return null
      } finally {
        reader.close()
        stderr.write('\n')
      }
    },
    async piped() {
      if (stdin.isTTY) return null
      let text = ''
      for await (const part of stdin.setEncoding('utf8')) {
        text += part
        if (text.length > 65_536) throw new Error('What is piped in is longer than 64 KiB.')
      }
      return text
    },
    onInterrupt(action) {
      process.on('SIGINT', action)
      return { [Symbol.dispose]: () => void process.off('SIGINT', action) }
    },
  }
}
