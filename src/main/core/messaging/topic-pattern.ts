import type { TopicMistake } from './topic-filter.ts'

/** Longest regular expression that a route may have. */
const longest = 200

/** Unbounded repetitions that one may have: what it costs grows with the length of the topic to that power. */
const most = 3

const inWords = ['none', 'one', 'two', 'three'] as const

/** Longest topic that regular expressions are tried on; a longer one matches none. Bounds what backtracking can cost. */
export const longestPatternTopic = 256

/** Whether a route's `from` is written as a regular expression, `/…/`, rather than as a topic filter. */
export function isPattern(from: string): boolean {
  return from.length > 2 && from.startsWith('/') && from.endsWith('/')
}

/**
 * Compiles the regular expression of a route, or says what is wrong with it. It must match the topic in whole or in part, as it is
 * anchored or not. Expressions that may take exponential time are refused: JavaScript's engine backtracks and cannot be
 * interrupted, so a repeated group that itself repeats or chooses, and a back reference, are not allowed.
 */
export function parsePattern(from: string): { readonly pattern: RegExp } | { readonly mistake: TopicMistake } {
  const source = from.slice(1, -1)
  const danger = dangerIn(source)
  if (danger) return { mistake: { message: danger.message, position: danger.position + 1 } }
  try {
    return { pattern: new RegExp(source, 'u') }
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error)
    return { mistake: { message: `The regular expression cannot be read: ${reason}.`, position: 1 } }
  }
}

/** Why a regular expression could take too long, with the position in its source; undefined when it cannot. */
export function dangerIn(source: string, mostRepetitions: 0 | 1 | 2 | 3 = most): TopicMistake | undefined {
  if (source.length > longest) {
    return { message: `The regular expression is longer than ${longest} characters.`, position: longest }
  }
  const groups: { varies: boolean }[] = [{ varies: false }]
  let unbounded = 0
  for (let at = 0; at < source.length; at++) {
    const character = source[at]
    if (character === '\\') {
      at++
      if (/[1-9k]/.test(source[at] ?? '')) {
        return { message: 'A regular expression with a back reference may take too long.', position: at - 1 }
      }
    } else if (character === '[') {
      at = endOfClass(source, at)
    } else if (character === '(') {
      groups.push({ varies: false })
    } else if (character === '|') {
      inner(groups).varies = true
    } else if (character === ')') {
      const group = groups.length > 1 ? groups.pop() : undefined
      const repeat = repetition(source, at + 1)
      if (group?.varies && repeat) {
        return {
          message: 'A repeated group that itself repeats or chooses may take too long.',
          position: at,
        }
      }
      if (group?.varies) inner(groups).varies = true
    } else if (repetition(source, at)) {
      inner(groups).varies = true
      // A chain such as `.*.*.*.*` costs length to the power of its repetitions.
      if (/[*+{]/.test(source[at] ?? '') && ++unbounded > mostRepetitions) {
        const message = `A regular expression with more than ${inWords[mostRepetitions]} of * and + may take too long.`
        return { message, position: at }
      }
      at += lengthOfRepetition(source, at) - 1
    }
  }
  return undefined
}

function inner(groups: readonly { varies: boolean }[]): { varies: boolean } {
  return groups.at(-1) ?? { varies: false }
}

function repetition(source: string, at: number): boolean {
  const character = source[at]
  return character === '*' || character === '+' || (character === '{' && /^\{\d+,?\d*\}/.test(source.slice(at)))
    ? true
    : character === '?' && !/[(*+?}]/.test(source[at - 1] ?? '(')
}

function lengthOfRepetition(source: string, at: number): number {
  const match = /^(?:[*+?]|\{\d+,?\d*\})\??/.exec(source.slice(at))
  return match ? match[0].length : 1
}

function endOfClass(source: string, at: number): number {
  for (let end = at + 1; end < source.length; end++) {
    if (source[end] === '\\') end++
    else if (source[end] === ']') return end
  }
  return source.length
}
