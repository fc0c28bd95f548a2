import { randomUUID } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz' // Crockford base 32: nothing a technician could misread aloud

/**
 * A new random id such as `ev-7k2m9q4tx0bn5rwd`: prefix, hyphen, 16 characters, 80 random bits. Ids exist before anything
 * is committed, so that one record can name another as its cause; order comes from the writer's sequence, never the id.
 */
export function newId(prefix: string): string {
  // The random digits of a UUID, five of which are 20 bits. Node draws them in advance: asking the system for each id takes longer
  // than all else about an event.
  const uuid = randomUUID()
  const digits = uuid.slice(0, 8) + uuid.slice(24)
  let text = ''
  for (let at = 0; at < 20; at += 5) {
    const bits = Number.parseInt(digits.slice(at, at + 5), 16)
    for (const shift of [15, 10, 5, 0]) text += alphabet[(bits >> shift) & 31]
  }
  return `${prefix}-${text}`
}
