/**
 * Helper process: damages pages of one SQLite file for a drill, or undoes that, and prints one line of JSON. A process of its own,
 * because the console must not touch database files with fs.
 *
 *     page-damage '{"type":"damage","file":…,"undo":…}'      see page-damage.ts
 */
import { writeSync } from 'node:fs'
import { type DamageAnswer, damagePages, damageRequestSchema, undoDamage } from './page-damage.ts'

const answer = run(process.argv[2] ?? '')
writeSync(1, `${JSON.stringify(answer)}\n`)
process.exitCode = 'failed' in answer ? 1 : 0

function run(text: string): DamageAnswer {
  try {
    const { type, file, undo } = damageRequestSchema.parse(JSON.parse(text))
    return { pages: [...(type === 'damage' ? damagePages(file, undo) : undoDamage(file, undo))] }
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) }
  }
}
