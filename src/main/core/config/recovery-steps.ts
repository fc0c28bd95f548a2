import { splitCommand } from './command-words.ts'
import { isMap } from './documents.ts'
import { parseDuration } from './duration.ts'
import { nearest } from './nearest.ts'
import type { RecoveryStep } from './types.ts'

/** A step of `do`, or what is wrong with it. */
export type ReadStep =
  | { readonly step: RecoveryStep }
  | { readonly mistake: { readonly code: string; readonly message: string; readonly remedy: string } }

const bare = [
  'restart',
  'restart-with-dependents',
  'reconnect',
  'restore-database',
  'recover-site',
  'call-operator',
] as const
const withPaths = ['reset-state', 'reset-corrupt', 'clear-cache'] as const
const all: readonly string[] = [...bare, ...withPaths, 'run']

/** Reads one entry of `do`: a word, or a map with one action and what it takes. */
export function readStep(entry: unknown): ReadStep {
  if (typeof entry === 'string') return readWord(entry)
  if (!isMap(entry)) return mistake('step-unknown', 'is neither a word nor a map.', 'Write a step such as `restart`.')
  const { within, ...rest } = entry
  const [action, ...others] = Object.keys(rest)
  if (action === undefined || others.length > 0) {
    const found =
      action === undefined ? 'names no action' : `names ${[action, ...others].map((key) => `\`${key}\``).join(' and ')}`
    return mistake('step-unclear', `${found}; a step has one action.`, 'Write one entry of the list for each step.')
  }
  if (within !== undefined && action !== 'run') {
    return mistake('key-not-for-kind', `has \`within\`, which is only for \`run\`.`, 'Remove `within`.')
  }
  if (action === 'run') return readRun(rest.run, within)
  const known = withPaths.find((each) => each === action)
  if (known) return readPaths(known, rest[action])
  return bare.some((each) => each === action)
    ? mistake('step-unclear', `gives \`${action}\` something that it does not take.`, `Write \`${action}\` alone.`)
    : unknown(action)
}

function readWord(word: string): ReadStep {
  const action = bare.find((each) => each === word)
  if (action) return { step: { action } }
  const path = withPaths.find((each) => each === word)
  if (path === 'clear-cache') return { step: { action: path, paths: ['data/cache'] } }
  if (path) return mistake('value-missing', `does not say which paths.`, `Write \`${path}: [ data/… ]\`.`)
  if (word === 'run') return mistake('value-missing', 'does not say what to run.', 'Write `run: command`.')
  return unknown(word)
}

function readRun(command: unknown, within: unknown): ReadStep {
  const isCommand =
    typeof command === 'string' || (Array.isArray(command) && command.every((word) => typeof word === 'string'))
  const words = isCommand ? wordsOf(command) : []
  if (words.length === 0 || words[0] === '') {
    return mistake(
      'command-bad',
      'has a command that cannot be split into words.',
      'Write the program and its arguments; what needs a shell goes into a script.',
    )
  }
  const withinMs = within === undefined ? 60_000 : typeof within === 'string' ? parseDuration(within) : undefined
  if (withinMs === undefined || withinMs < 1_000 || withinMs > 3_600_000) {
    return mistake('duration-bad', 'has a `within` that is not from 1s to 1h.', 'Write a duration such as `30s`.')
  }
  return { step: { action: 'run', run: words, withinMs } }
}

function wordsOf(command: string | readonly string[]): readonly string[] {
  if (typeof command !== 'string') return command
  const split = splitCommand(command)
  return split.ok ? split.words : []
}

function readPaths(action: (typeof withPaths)[number], paths: unknown): ReadStep {
  const list = typeof paths === 'string' ? [paths] : paths
  if (!Array.isArray(list) || list.length === 0 || list.length > 50) {
    return mistake('value-wrong-type', 'must have a list of one to 50 paths.', `Write \`${action}: [ data/… ]\`.`)
  }
  for (const path of list) {
    const why = pathMistake(path)
    if (why !== undefined) {
      return mistake('path-escapes', `names ${JSON.stringify(path)}, ${why}.`, 'Name a folder or file below `data/`.')
    }
  }
  return { step: { action, paths: list.filter((path) => typeof path === 'string') } }
}

/** What is wrong with a path of site.yaml that recovery may move or empty; undefined for one below `data/`. */
function pathMistake(path: unknown): string | undefined {
  if (typeof path !== 'string' || path === '') return 'which is no path'
  if (path.includes('\0')) return 'which holds a null character'
  if (/^([/\\~]|[a-zA-Z]:)/.test(path)) return 'which is absolute'
  const levels = path.replaceAll('\\', '/').split('/')
  if (levels.includes('..')) return 'which leads upwards'
  if (levels[0] !== 'data' || levels.filter((level) => level !== '' && level !== '.').length < 2)
    return 'which is not below `data/`'
  if (path.replaceAll('${service}', '').includes('${')) return 'which refers to something other than `${service}`'
  return undefined
}

function unknown(word: string): ReadStep {
  const near = nearest(word, all)
  return mistake(
    'step-unknown',
    `is “${word}”, which recovery cannot do.`,
    near
      ? `Write \`${near}\`, if that is what was meant.`
      : `There are ${all.map((each) => `\`${each}\``).join(', ')}.`,
  )
}

function mistake(code: string, message: string, remedy: string): ReadStep {
  return { mistake: { code, message, remedy } }
}
