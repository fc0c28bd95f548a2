import type { Connection } from './client/index.ts'
import { LineCheck, longestLine, type RecordedMessage } from './message-lines.ts'

/** Messages that are sent together, and about how many characters of them. */
const batchMessages = 500
const batchCharacters = 512 * 1024

/** The lines of a text that comes in pieces; null for one that is longer than a line may be, which is not gathered. */
export async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string | null> {
  let begun: string | null = ''
  let isFirst = true
  for await (const piece of pieces) {
    // Editors of Windows put a byte order mark before the first line.
    const parts = (isFirst ? piece.replace(/^\uFEFF/, '') : piece).split('\n')
    isFirst = false
    for (const [index, part] of parts.entries()) {
      if (index > 0) {
        yield begun?.endsWith('\r') ? begun.slice(0, -1) : begun
        begun = ''
      }
      begun = begun === null || begun.length + part.length > longestLine ? null : begun + part
    }
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
      if (!message || line === null) continue
      // Before it is added: what goes together must fit an envelope.
      if (batch.length >= batchMessages || characters + line.length > batchCharacters) await send()
      batch.push(message)
      characters += line.length
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
