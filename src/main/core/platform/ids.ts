import { randomFillSync } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz' // Crockford base 32: nothing a technician could misread aloud

/**
 * A new random id such as `ev-7k2m9q4tx0bn5rwd`: prefix, hyphen, 16 characters, 80 random bits. Ids exist before anything
 * is committed, so that one record can name another as its cause; order comes from the writer's sequence, never the id.
 */
export function newId(prefix: string): string {
  const bytes = randomFillSync(new Uint8Array(16))
  let text = ''
  for (const byte of bytes) text += alphabet[byte & 31]
  return `${prefix}-${text}`
}
