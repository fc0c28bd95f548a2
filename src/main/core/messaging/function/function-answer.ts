import { functionBounds } from './function-protocol.ts'

/** What a function gave, as it goes on. */
export interface Given {
  readonly kind: 'json' | 'text' | 'bytes' | 'filtered'
  readonly bytes: Uint8Array
}

const nothing = new Uint8Array()

/** Writes a number as it stands, whatever its size. The types of the language do not know it yet. */
const rawJson: (text: string) => unknown = Reflect.get(JSON, 'rawJSON')

/**
 * What a function gave: text and bytes as they are, `undefined` so that the message is filtered, everything else as JSON (`null` is JSON's).
 * Throws a sentence for what JSON cannot say.
 */
export function givenBy(value: unknown): Given {
  if (value === undefined) return { kind: 'filtered', bytes: nothing }
  if (typeof value === 'string') return bounded('text', Buffer.from(value))
  if (value instanceof Uint8Array) return bounded('bytes', value)
  if (value instanceof ArrayBuffer) return bounded('bytes', new Uint8Array(value))
  return bounded('json', Buffer.from(jsonOf(value)))
}

function bounded(kind: Given['kind'], bytes: Uint8Array): Given {
  if (bytes.length <= functionBounds.payload) return { kind, bytes }
  throw new Unsayable(`it gave ${bytes.length} bytes, more than the ${functionBounds.payload} that are taken`)
}

/** Something that cannot go on, in a sentence that needs no name of an error before it. */
export class Unsayable extends Error {}

function jsonOf(value: unknown): string {
  let text: unknown
  try {
    text = JSON.stringify(value, sayable)
  } catch (error) {
    if (error instanceof Unsayable) throw error
    const circular = error instanceof TypeError && error.message.includes('circular')
    throw new Unsayable(
      circular
        ? 'it gave something that refers to itself, which JSON cannot say'
        : `it gave something that JSON cannot say: ${String(error)}`,
    )
  }
  if (typeof text === 'string') return text
  throw new Unsayable(`it gave a ${typeof value}, which JSON cannot say`)
}

function sayable(_key: string, value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      if (Number.isFinite(value)) return value
      throw new Unsayable(`it gave ${value}, which JSON cannot say`)
    case 'bigint':
      return rawJson(value.toString())
    case 'object':
      if (value instanceof Map || value instanceof Set)
        throw new Unsayable(`it gave a ${value.constructor.name}, which JSON cannot say; give an object or a list`)
      return value
    case 'function':
    case 'symbol':
      throw new Unsayable(`it gave a ${typeof value}, which JSON cannot say`)
    default:
      return value
  }
}
