import { z } from 'zod'

/** Longest text that MQTT can say (5, section 1.5.4), in bytes of UTF-8. */
export const longestText = 65_535

/** What is kept of the user properties of one message, in bytes of their names and values; further ones are counted. */
export const mostUserBytes = 64 * 1024

/** What a user property counts besides its name and value, in bytes: a packet may hold millions that are empty. */
export const pairOverhead = 32

/** The latest time that there is (ECMA-262, 21.4.1.1). */
export const latestTime = 8_640_000_000_000_000

/** What a message of MQTT 5 brought besides topic and payload. */
export const broughtSchema = z.object({
  contentType: z.string().nullable().default(null),
  responseTopic: z.string().nullable().default(null),
  /** Correlation data, base64. */
  correlation: z.string().nullable().default(null),
  /** Whether its sender says that the payload is text. */
  isText: z.boolean().default(false),
  user: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  /** User properties that are left out. */
  moreUser: z.number().int().min(0).default(0),
  /** Its id, the same for every copy of it. */
  id: z.string().nullable().default(null),
  /** How many consoles have passed it on, and whether that was too often for it to be passed on again. */
  hops: z.number().int().min(0).default(0),
  isSpent: z.boolean().default(false),
  /** Until when it is wanted: wall-clock milliseconds; null: for ever. */
  expiresAt: z.number().nullable().default(null),
  /** Whether a text is cut, or user properties are left out. */
  isCut: z.boolean().default(false),
})
export type Brought = z.infer<typeof broughtSchema>

const sayable = z.string().max(longestText).refine(isSayable)

/** The same as a file may say it: only what a packet can say, and within the bounds. */
export const importedBroughtSchema = broughtSchema.extend({
  contentType: sayable.nullable().default(null),
  responseTopic: sayable.min(1).refine(isPlainTopic).nullable().default(null),
  correlation: z
    .string()
    .max(Math.ceil(longestText / 3) * 4)
    .refine(isBase64)
    .nullable()
    .default(null),
  user: z
    .array(z.object({ name: sayable, value: sayable }))
    .refine((pairs) => sizeOfPairs(pairs) <= mostUserBytes)
    .default([]),
  id: sayable.nullable().default(null),
  hops: z.number().int().min(0).max(999_999).default(0),
  expiresAt: z.number().int().min(0).max(latestTime).nullable().default(null),
})

/** Without what says nothing: as lines of a file and rows of the store hold it. */
export function sparse(brought: Brought): Partial<Brought> {
  const says = Object.entries(brought).filter(
    ([, value]) => value !== null && value !== false && value !== 0 && !(Array.isArray(value) && value.length === 0),
  )
  return Object.fromEntries(says)
}

/** Whether a packet can say a text: UTF-8 of at most 65,535 bytes without NUL. */
export function isSayable(text: string): boolean {
  if (text.includes('\u0000')) return false
  return text.length <= longestText / 3 || new TextEncoder().encode(text).length <= longestText
}

/** Whether a text may be a response topic: one without wildcards (MQTT 5, section 3.3.2.3.5). */
export function isPlainTopic(text: string): boolean {
  return text !== '' && !text.includes('#') && !text.includes('+')
}

/** What user properties count, in bytes; texts by their characters, as they lie in memory. */
export function sizeOfPairs(pairs: readonly { readonly name: string; readonly value: string }[]): number {
  return pairs.reduce((all, { name, value }) => all + name.length + value.length + pairOverhead, 0)
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}
