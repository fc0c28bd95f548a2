import { isIP } from 'node:net'
import { Cron } from 'croner'
import { z } from 'zod'
import { parseDuration } from './duration.ts'
import { expectation } from './expectation.ts'
import { parseRate } from './rate.ts'
import { parseSize } from './size.ts'

/** Ids of services, routes and ports: the map keys of site.yaml. The same rule as `idSchema` of the vocabulary. */
export const id = z
  .string({ error: expectation('id-bad', 'an id: lowercase letters, digits and hyphens, starting with a letter') })
  .regex(/^[a-z][a-z0-9-]*$/, {
    error: expectation('id-bad', 'an id: lowercase letters, digits and hyphens, starting with a letter'),
  })

/** A text that says something. */
export function text(what = 'a text') {
  return z.string({ error: expectation('value-wrong-type', what) }).min(1, { error: expectation('value-empty', what) })
}

/** `true` or `false`; also `on` and `off`, which YAML 1.2 reads as words. */
export function toggle() {
  return z
    .union([z.boolean(), z.literal('on'), z.literal('off')], {
      error: expectation('value-wrong-type', '`on` or `off`'),
    })
    .transform((value) => value === true || value === 'on')
}

/** A duration; milliseconds after parsing. */
export function duration() {
  const message = expectation('duration-bad', 'a duration such as `500ms`, `10s`, `5m`, `2h` or `1d`')
  return z.string({ error: message }).transform((value, context) => {
    const ms = parseDuration(value)
    if (ms !== undefined) return ms
    context.issues.push({ code: 'custom', message, input: value })
    return z.NEVER
  })
}

/** A rate; count and milliseconds after parsing. */
export function rate() {
  const message = expectation('rate-bad', 'a rate such as `5/s`, `30/m` or `1/10s`')
  return z.string({ error: message }).transform((value, context) => {
    const parsed = parseRate(value)
    if (parsed !== undefined) return parsed
    context.issues.push({ code: 'custom', message, input: value })
    return z.NEVER
  })
}

/** A size of at least so much; bytes after parsing. */
export function size(least: string) {
  const message = expectation('size-bad', `a size such as \`256MB\` or \`4GB\`, of at least ${least}`)
  const leastBytes = parseSize(least) ?? 0
  return z.string({ error: message }).transform((value, context) => {
    const bytes = parseSize(value)
    if (bytes !== undefined && bytes >= leastBytes) return bytes
    context.issues.push({ code: 'custom', message, input: value })
    return z.NEVER
  })
}

/** A whole number between two bounds, both allowed. */
export function whole(least: number, most: number, code = 'number-out-of-range') {
  const message = expectation(code, `a whole number from ${least} to ${most}`)
  return z
    .number({ error: message })
    .int({ error: message })
    .min(least, { error: message })
    .max(most, { error: message })
}

/** A command: one string that is split into words, or the list of its words. */
export function command() {
  const what = 'a command such as `services/api.mjs --verbose`, or the list of its words'
  const words = z.array(z.string()).min(1)
  return z.union([z.string().regex(/\S/), words], { error: expectation('value-wrong-type', what) })
}

/** A map from ids to entries. */
export function byId<Entry extends z.ZodType>(what: string, entry: Entry) {
  return z
    .record(id, entry, { error: expectation('value-wrong-type', `a map from ids to ${what}`) })
    .refine((map) => Object.keys(map).length <= 1000, {
      error: expectation('too-many', 'a map of at most 1000 entries'),
    })
}

/** A map with known keys. */
export function keys<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'invalid_type' ? expectation('value-wrong-type', `a map with ${listed(shape)}`) : undefined,
  })
}

function listed(shape: z.ZodRawShape): string {
  const names = Object.keys(shape).map((name) => `\`${name}\``)
  return names.length > 6 ? `keys such as ${names.slice(0, 4).join(', ')}` : names.join(', ')
}

export const zone = z
  .string({ error: expectation('zone-bad', 'a time zone such as `Asia/Manila` or `UTC`') })
  .refine(isZone, { error: expectation('zone-bad', 'a time zone such as `Asia/Manila` or `UTC`') })

export function cron() {
  const message = expectation('cron-bad', 'five cron fields (minute hour day month weekday) such as `0 3 * * *`')
  return z.string({ error: message }).refine(isCron, { error: message })
}

export const bindAddress = z
  .string({ error: expectation('address-bad', 'an IP address such as `127.0.0.1` or `0.0.0.0`') })
  .refine((value) => isIP(value) !== 0, { error: expectation('address-bad', 'an IP address such as `127.0.0.1`') })

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

function isCron(pattern: string): boolean {
  if (/^\d{4}-/.test(pattern)) return false // croner would take a date for a single run
  try {
    return new Cron(pattern, { paused: true, mode: '5-part' }).nextRun() !== null
  } catch {
    return false
  }
}
