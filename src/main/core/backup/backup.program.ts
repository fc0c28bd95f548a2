/**
 * Helper process: walks, captures, compares, stages and verifies. It is a process of its own because the console must never
 * open a database's files, and because it can be killed at any moment without harm. It ends as soon as its standard input
 * does, so that it never outlives the console.
 */
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { systemOwners } from '#core/platform/index.ts'
import { Conversation } from './program/conversation.ts'

// Below everything that an operator waits for; where that is not allowed, it just is not.
try {
  setPriority(10)
} catch {}

const conversation = new Conversation({
  say: (message) => void process.stdout.write(`${JSON.stringify(message)}\n`),
  node: process.execPath,
  owners: systemOwners(),
  platform: process.platform,
})
const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => conversation.hear(line))
lines.on('close', () => void conversation.close().finally(() => process.exit(0)))
