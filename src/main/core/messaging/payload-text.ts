import { Optional } from '@marcbachmann/cel-js'

/** Deepest nesting that is written; a mapping cannot build more, but a payload can carry it. */
const deepest = 64

/**
 * The payload that the result of a mapping becomes: text and bytes as they are, everything else as JSON. Integers are written as
 * JSON integers whatever their size. Throws a sentence for what JSON cannot say.
 */
export function payloadOf(result: unknown): string | Uint8Array {
  if (typeof result === 'string') return result
  if (result instanceof Uint8Array) return result
  return jsonOf(result, 0)
}

/** A value as JSON, also where it is text. Throws a sentence for what JSON cannot say. */
export function jsonTextOf(value: unknown): string {
  if (value instanceof Uint8Array) throw new Error('the mapping gave bytes, which a list of JSON cannot hold')
  return jsonOf(value, 0)
}

function jsonOf(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'bigint':
    case 'boolean':
      return value.toString()
    case 'number':
      if (!Number.isFinite(value)) throw new Error(`the mapping gave ${value}, which JSON cannot say`)
      return JSON.stringify(value)
    case 'object':
      return value === null ? 'null' : jsonOfObject(value, depth)
    default:
      throw new Error(`the mapping gave a value of type ${typeof value}, which JSON cannot say`)
  }
}

function jsonOfObject(value: object, depth: number): string {
  if (depth > deepest) throw new Error(`the mapping gave a value nested deeper than ${deepest} levels`)
  if (Array.isArray(value)) {
    let text = '['
    for (let index = 0; index < value.length; index++) text += (index > 0 ? ',' : '') + jsonOf(value[index], depth + 1)
    return `${text}]`
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return jsonOfFields(value, depth)
  if (value instanceof Map) return jsonOfEntries([...value], depth)
  if (value instanceof Set) return jsonOfObject([...value], depth)
  if (value instanceof Date) return JSON.stringify(value.toISOString())
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'))
  if (value instanceof Optional) {
    if (!value.hasValue()) throw new Error('the mapping gave an optional value that is absent')
    return jsonOf(value.value(), depth + 1)
  }
  return jsonOfLanguageType(value)
}

/** Durations ("300s") and unsigned integers of the expression language, told by their fields. */
function jsonOfLanguageType(value: object): string {
  if ('seconds' in value && 'nanos' in value) {
    return JSON.stringify(`${Number(value.seconds) + Number(value.nanos) / 1e9}s`)
  }
  if ('value' in value && typeof value.value === 'bigint') return value.value.toString()
  throw new Error('the mapping gave a value that JSON cannot say')
}

/** The usual result of a mapping, and so the one that is written without making anything besides its text. */
function jsonOfFields(value: object, depth: number): string {
  let text = ''
  for (const key in value) {
    text += `${text === '' ? '{' : ','}${quoted(key)}:${jsonOf(Reflect.get(value, key), depth + 1)}`
  }
  return text === '' ? '{}' : `${text}}`
}

const plain = /^[\w .:/-]*$/

function quoted(text: string): string {
  return text.length < 100 && plain.test(text) ? `"${text}"` : JSON.stringify(text)
}

function jsonOfEntries(entries: readonly (readonly [unknown, unknown])[], depth: number): string {
  let text = '{'
  for (const [key, entry] of entries) {
    if (text.length > 1) text += ','
    text += `${JSON.stringify(String(key))}:${jsonOf(entry, depth + 1)}`
  }
  return `${text}}`
}
