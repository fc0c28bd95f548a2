/**
 * Helper process: brings the code of a release, hashes, compares, packs and removes trees. A process of its own because what it reads may be
 * hostile, may hold databases, and may take long; it can be killed at any moment. It does one thing, and ends as soon as its standard
 * input does, with git if that runs, so that it never outlives the console.
 */
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { answer } from './program/answer.ts'

// Below everything that an operator waits for; where that is not allowed, it just is not.
try {
  setPriority(10)
} catch {}

const lines = createInterface({ input: process.stdin })
lines.once('line', (line) => void answer(line, (message) => void process.stdout.write(`${JSON.stringify(message)}\n`)))
lines.on('close', () => process.exit(0))
