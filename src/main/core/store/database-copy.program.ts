/**
 * Helper process: copies or checks one database and prints one line of JSON. It is a process of its own because both may
 * run long and SQLite cannot be interrupted in a thread, and because the console must not read database files itself.
 *
 *     database-copy copy <from> <to>
 *     database-copy check <path>
 */
import { writeSync } from 'node:fs'
import { type ToolAnswer, toolRequestSchema } from './database-answer.ts'
import { checkFile, copyFile } from './database-copy.ts'

const request = toolRequestSchema.safeParse(process.argv.slice(2))
const answer: ToolAnswer = request.success
  ? await run(request.data)
  : { failed: 'usage', message: 'Usage: database-copy copy <from> <to> | database-copy check <path>.' }
writeSync(1, `${JSON.stringify(answer)}\n`)
process.exitCode = 'failed' in answer ? 1 : 0

async function run(request: readonly ['copy', string, string] | readonly ['check', string]): Promise<ToolAnswer> {
  try {
    return request[0] === 'copy' ? await copyFile(request[1], request[2]) : checkFile(request[1])
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    return { failed: code, message: error instanceof Error ? error.message : String(error) }
  }
}
