import type { Connection } from './client/index.ts'
import { LineCheck, type RecordedMessage } from './message-lines.ts'

/** Messages that are sent together, and about how many characters of them. */
const batchMessages = 500
const batchCharacters = 512 * 1024

/** The lines of a text that comes in pieces. */
export async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let begun = ''
  for await (const piece of pieces) {
    const lines = (begun + piece).split('\n')
    begun = lines.pop() ?? ''
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line
  }
  if (begun !== '') yield begun
}

/**
 * Imports a file as a recording: checks every line first, and sends nothing when one is bad. Gives the sentence that says what is wrong, or
 * the recording. `pieces` is called twice: once to check, once to send.
 */
export async function importFile(
  calls: Connection['calls'],
  name: string,
  pieces: () => AsyncIterable<string>,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (done: number, of: number) => void },
): Promise<{ readonly mistake: string } | { readonly recording: string; readonly messages: number }> {
  const check = new LineCheck()
  for await (const line of linesOf(pieces())) {
    signal.throwIfAborted()
    check.take(line)
  }
  const mistake = check.sentence
  if (mistake !== null) return { mistake }
  const { recording } = await calls.recordings.importBegin({ name })
  const total = check.messages
  try {
    let batch: RecordedMessage[] = []
    let characters = 0
    let sent = 0
    const send = async () => {
      if (batch.length === 0) return
      await calls.recordings.importAdd({ recording, messages: batch })
      sent += batch.length
      batch = []
      characters = 0
      onProgress(sent, total)
    }
    const again = new LineCheck()
    for await (const line of linesOf(pieces())) {
      signal.throwIfAborted()
      const message = again.take(line)
      if (!message) continue
      batch.push(message)
      characters += line.length
      if (batch.length >= batchMessages || characters >= batchCharacters) await send()
    }
    await send()
    signal.throwIfAborted()
    await calls.recordings.importEnd({ recording, messages: total })
    return { recording, messages: total }
  } catch (error) {
    await calls.recordings.delete({ recording }).catch(() => {})
    throw error
  }
}
