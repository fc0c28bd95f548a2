import { releaseRefused } from './refused.ts'

/** Most bytes of a path and of a name in it, and folders in each other: what Linux and Windows can have in any folder. */
const mostPath = 1_024
const mostName = 255
const mostDepth = 64

/**
 * A path of a source as its parts; empty for the root itself. Throws `release-refused` for one that leads anywhere else, or that
 * cannot be had on this system.
 */
export function safeParts(path: string): readonly string[] {
  if (path.includes('\0')) throw releaseRefused('a name in it holds a zero byte')
  const told = JSON.stringify(path)
  if (path.startsWith('/') || /^[A-Za-z]:(\/|$)/.test(path)) throw releaseRefused(`${told} is an absolute path`)
  if (path.includes('\\')) throw releaseRefused(`${told} holds a backslash, which parts folders on Windows`)
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw releaseRefused(`${told} leads out of it`)
  if (parts.length > mostDepth) throw releaseRefused(`it has more than ${mostDepth} folders in each other`)
  if (Buffer.byteLength(path) > mostPath) throw releaseRefused(`a path in it is longer than ${mostPath} bytes`)
  if (parts.some((part) => Buffer.byteLength(part) > mostName))
    throw releaseRefused(`a name in it is longer than ${mostName} bytes`)
  if (parts.some((part) => part.includes('\ufffd') || /\p{Cc}/u.test(part)))
    throw releaseRefused(`the name ${told} holds characters that cannot be shown`)
  return parts
}

/** Two paths of one key are the same file on systems that do not tell A from a, or é from é. */
export function foldedKey(path: string): string {
  return path.normalize('NFC').toLowerCase()
}

const devices = /^(con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³])(\.|$)/i

/** Why Windows cannot have a name; null when it can. Source: "Naming Files, Paths, and Namespaces", Microsoft. */
export function windowsObjection(name: string): string | null {
  if (devices.test(name)) return 'it is the name of a device there'
  if (/[ .]$/.test(name)) return 'it ends with a dot or a space'
  if (/[<>:"|?*]/.test(name)) return 'it holds one of < > : " | ? *'
  return null
}
