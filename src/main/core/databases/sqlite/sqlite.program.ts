/**
 * Helper process: one connection to a SQLite database of the site. A process of its own because a statement of SQLite can
 * be stopped in no other way. Reads one JSON document a line from its input and answers each in the same way; ends with
 * its input, and with its parent even while a statement runs. What it is told comes from the console only; it loads little,
 * because there is one for every connection.
 */
import { statSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import { SqliteConversation, type SqliteRequest } from './sqlite-conversation.ts'
import type { SqliteAnswer, SqliteOpening } from './sqlite-protocol.ts'

let conversation: SqliteConversation | undefined
const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  if (conversation) {
    const request: SqliteRequest = JSON.parse(line)
    answer(conversation.ask(request))
  } else {
    const opening: SqliteOpening = JSON.parse(line)
    open(opening)
  }
})
lines.on('close', () => {
  conversation?.close()
  process.exit(0)
})

function open({ path, busyMs, parentWatch }: SqliteOpening): void {
  new Worker(parentWatch, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 8 } }).unref()
  try {
    conversation = new SqliteConversation(path, busyMs)
    const { dev, ino } = statSync(path)
    answer({ file: `${dev}:${ino}` })
  } catch (error) {
    answer(SqliteConversation.failure(error, false))
    process.exit(1)
  }
}

/** Written whole before anything else happens: a pipe takes a long line in parts. */
function answer(document: SqliteAnswer): void {
  let rest = Buffer.from(`${JSON.stringify(document)}\n`)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      const full = error instanceof Error && 'code' in error && error.code === 'EAGAIN'
      if (!full) process.exit(1)
    }
  }
}
