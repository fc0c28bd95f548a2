import type { Plugin } from 'vite'

/** Beyond Latin-1, where V8 can no longer hold the text of a program in one byte a character. */
const beyondLatin = /[\u0100-\uffff]/g
const afterBackslash = /\\[\u0100-\uffff]/

/**
 * Writes what lies beyond Latin-1 in the programs (typographic signs in sentences) as escapes: every thread holds the text of what it
 * runs, and one such sign doubles what a whole file takes there. It means the same in strings, templates and regular expressions.
 */
export function plainChunks(): Plugin {
  return {
    name: 'wheelhouse:plain-chunks',
    apply: 'build',
    // Last of all: what is written after `renderChunk` turns escapes back into signs.
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        for (const file of Object.values(bundle)) if (file.type === 'chunk') file.code = plain(file.code)
      },
    },
  }
}

/** The same program without a sign beyond Latin-1. Throws where an escape would mean another thing. */
export function plain(code: string): string {
  const found = afterBackslash.exec(code)
  if (found)
    throw new Error(
      `A backslash stands before the sign ${found[0].slice(1)}: as an escape it would mean another thing.`,
    )
  return code.replace(beyondLatin, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
