/**
 * Helper process: copies, checks or salvages one database and prints one line of JSON. It is a process of its own because all
 * of that may run long and SQLite cannot be interrupted in a thread, and because the console must not read database files itself.
 *
 *     database-copy '{"type":"copy","from":…,"to":…}'      see database-answer.ts
 */
import { writeSync } from 'node:fs'
import { type ToolAnswer, type ToolRequest, toolRequestSchema } from './database-answer.ts'
import { checkFile, copyFile } from './database-copy.ts'
import { salvageFile } from './salvage.ts'

const request = toolRequestSchema.safeParse(parsed(process.argv[2] ?? ''))
const answer: ToolAnswer = request.success
  ? await run(request.data)
  : { failed: 'usage', message: 'Usage: database-copy REQUEST, where REQUEST is one JSON object.' }
writeSync(1, `${JSON.stringify(answer)}\n`)
process.exitCode = 'failed' in answer ? 1 : 0

async function run(request: ToolRequest): Promise<ToolAnswer> {
  try {
    switch (request.type) {
      case 'copy':
        return await copyFile(request.from, request.to)
      case 'check':
        return checkFile(request.path, request)
      case 'salvage':
        return await salvageFile(request)
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    return { failed: code, message: error instanceof Error ? error.message : String(error) }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
