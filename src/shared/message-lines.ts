import { z } from 'zod'
import { importedBroughtSchema, isPlainTopic, isSayable, latestTime, longestText, sparse } from './brought.ts'

/** A recorded message, as it stands in one line of an exported file (JSON Lines). */
export const recordedMessageSchema = z.object({
  /** When it was received: wall-clock milliseconds. */
  at: z.number().int().min(0).max(latestTime),
  topic: z
    .string()
    .min(1)
    .max(longestText)
    .refine(isSayable, 'a packet can say it')
    .refine(isPlainTopic, 'a topic has no wildcards'),
  qos: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(0),
  retain: z.boolean().default(false),
  /** Text, or hexadecimal digits when the encoding says so. */
  payload: z.string().max(8 * 1024 * 1024),
  encoding: z.enum(['utf8', 'hex']).default('utf8'),
  /** The broker that it came from. */
  broker: z.string().min(1).max(100).optional(),
  /** The client of the embedded broker that published it. */
  client: z.string().min(1).max(longestText).optional(),
  /** What it brought, of MQTT 5. */
  properties: importedBroughtSchema.optional(),
})
export type RecordedMessage = z.infer<typeof recordedMessageSchema>

/**
 * One line of an exported file, without its end. Times are written so that they can be read: ISO 8601, UTC. What a message does not have
 * is left out; a console that does not know `broker`, `client` and `properties` passes over them.
 */
export function lineOf(message: RecordedMessage): string {
  const { at, topic, qos, retain, payload, encoding, broker, properties, client } = message
  const expiresAt = properties?.expiresAt ?? null
  return JSON.stringify({
    at: isoTime(at),
    topic,
    qos,
    retain,
    payload,
    ...(encoding === 'hex' && { encoding }),
    ...(broker !== undefined && { broker }),
    ...(client !== undefined && { client }),
    ...(properties && {
      properties: { ...sparse(properties), ...(expiresAt !== null && { expiresAt: isoTime(expiresAt) }) },
    }),
  })
}

/** The message that a line says, or what is wrong with it in a few words. Times may be ISO 8601 or milliseconds. */
export function messageOf(line: string): { readonly message: RecordedMessage } | { readonly mistake: string } {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { mistake: 'it is not JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { mistake: 'it is not an object' }
  const parsed = recordedMessageSchema.safeParse(withTimes(value))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = issue?.path.join('.') ?? ''
    return { mistake: field === '' ? 'it is no recorded message' : `"${field}" is not as it must be` }
  }
  if (parsed.data.encoding === 'hex' && !/^([0-9a-f]{2})*$/i.test(parsed.data.payload)) {
    return { mistake: '"payload" is said to be hexadecimal and is not' }
  }
  return { message: parsed.data }
}

/** With times as numbers where they are written as text. */
function withTimes(value: object): object {
  const at = timeIn(Reflect.get(value, 'at'))
  const properties: unknown = Reflect.get(value, 'properties')
  if (typeof properties !== 'object' || properties === null) return { ...value, at }
  const expiresAt = timeIn(Reflect.get(properties, 'expiresAt'))
  return { ...value, at, properties: { ...properties, expiresAt } }
}

function timeIn(value: unknown): unknown {
  return typeof value === 'string' ? Date.parse(value) : value
}

/** A time that no calendar has, as a clock that was far off may have made, stays a number. */
function isoTime(at: number): string | number {
  return Math.abs(at) <= latestTime ? new Date(at).toISOString() : at
}

/** Longest line of a file, in characters: what it says must fit an envelope. */
export const longestLine = 1_000_000

export interface BadLine {
  readonly line: number
  readonly mistake: string
}

const tooLong = { mistake: `it is longer than the ${longestLine.toLocaleString('en')} characters that a line may have` }

/** How many bad lines are told one by one. */
const mostTold = 20

/** Checks lines one after the other, counts what is good, and remembers the first that are bad. Empty lines are passed over. */
export class LineCheck {
  readonly bad: BadLine[] = []
  badLines = 0
  messages = 0
  #line = 0

  /** The message of the next line; null when it is empty or bad. A line that is null was too long. */
  take(line: string | null): RecordedMessage | null {
    this.#line++
    if (line?.trim() === '') return null
    const read = line === null ? tooLong : messageOf(line)
    if ('message' in read) {
      this.messages++
      return read.message
    }
    this.badLines++
    if (this.bad.length < mostTold) this.bad.push({ line: this.#line, mistake: read.mistake })
    return null
  }

  /** What is wrong, in a sentence; null when nothing is. */
  get sentence(): string | null {
    if (this.badLines === 0) return this.messages === 0 ? 'The file holds no message.' : null
    const named = this.bad.map(({ line, mistake }) => `line ${line}: ${mistake}`).join('; ')
    const more = this.badLines - this.bad.length
    return `${this.badLines === 1 ? 'One line is' : `${this.badLines} lines are`} bad: ${named}${more > 0 ? `; and ${more} more` : ''}.`
  }
}
