import type { z } from 'zod'
import type { checkShape } from './check-schema.ts'
import { commandWords } from './command-words.ts'
import type { CheckDefinition } from './types.ts'

/** Where a message of a check goes when site.yaml names no topic. */
const probeTopic = 'wheelhouse/probe'
/** How old pushed figures may be when site.yaml does not say. Milliseconds. */
const figuresNewerMs = 60_000

type CheckEntry = { readonly [Key in keyof typeof checkShape]?: z.output<(typeof checkShape)[Key]> }

/** The check that a probe's keys describe; null when none of them says what is looked at (the rules tell that). */
export function checkOf(entry: CheckEntry): CheckDefinition | null {
  const { status = null, body, latency: latencyMs, tables = [], newer } = entry
  if (entry.http !== undefined) {
    const further = { ...(body !== undefined && { body }), ...(latencyMs !== undefined && { latencyMs }) }
    return { type: 'http', url: entry.http, status, ...further }
  }
  if (entry.tcp !== undefined) return { type: 'tcp', address: entry.tcp }
  if (entry.mqtt !== undefined) return { type: 'mqtt', url: entry.mqtt, topic: entry.topic ?? probeTopic }
  if (entry.command !== undefined) return { type: 'command', run: commandWords(entry.command) }
  if (entry.sqlite !== undefined) return { type: 'sqlite', file: entry.sqlite, tables }
  if (entry.postgres !== undefined) return { type: 'postgres', url: entry.postgres, tables }
  if (entry.file !== undefined) return { type: 'file', path: entry.file, newerMs: newer ?? null }
  if (entry.metric !== undefined) return { type: 'metric', condition: entry.metric, newerMs: newer ?? figuresNewerMs }
  if (entry.pushed !== undefined) return { type: 'pushed', newerMs: entry.pushed }
  return null
}
