import { z } from 'zod'

/**
 * A path below the site folder as one character for each byte, so that names that are not UTF-8 are not lost on their way. It
 * never leads out of the folder, nor into the console's own.
 */
export const pathKeySchema = z
  .string()
  .min(1)
  .max(4_096)
  .refine(
    (key) =>
      // biome-ignore lint/suspicious/noControlCharactersInRegex: bytes are what it is about
      /^[\u0000-\u00ff]+$/.test(key) &&
      key.split('/').every((name) => !['', '.', '..'].includes(name) && !name.includes('\0')) &&
      key.split('/')[0]?.toLowerCase() !== '.wheelhouse',
    'It is no path below the site folder.',
  )

/** Most paths that may be ticked at once. */
export const mostPaths = 1_000

/** The key of a path that is written as text, `/` between its names; undefined when it is none. */
export function pathKeyOf(text: string): string | undefined {
  const bytes = new TextEncoder().encode(text.replace(/^(\.?\/)+/, '').replace(/\/+$/, ''))
  const key = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return pathKeySchema.safeParse(key).data
}

/** A path for people: what is not UTF-8, and control characters, as marks. */
export function shownKey(key: string): string {
  const bytes = Uint8Array.from(key, (character) => character.charCodeAt(0))
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).replace(/\p{Cc}/gu, '\ufffd')
}

/** Whether a path is the other one, or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

/** Each path but those that lie below another of them, in order. */
export function outermost(paths: Iterable<string>): readonly string[] {
  const kept = new Set(paths)
  return [...kept].filter((path) => !foldersOf(path).some((folder) => kept.has(folder))).sort()
}

/** The folders that a path lies in, the topmost first. */
export function foldersOf(path: string): readonly string[] {
  const names = path.split('/')
  return names.slice(0, -1).map((_, at) => names.slice(0, at + 1).join('/'))
}
