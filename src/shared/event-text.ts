/**
 * How words are found in events: the same rule for the index, for events that are not indexed yet and for those that have just
 * happened. A text is cut at white space into words, all of which must be found. A word is found where message, subject or kind
 * hold its letters and digits as the beginning of a word, whatever their case and accents; `service:api` and `10.0.0.1` are words
 * that follow each other. Signs within a word must be there as they are written, so that `100%` does not find `100 ms`.
 */

/** What is searched in an event. */
export interface SearchedText {
  readonly message: string
  readonly subject: string
  readonly kind: string
}

/** One word of a search. */
export interface SearchWord {
  /** Its parts as {@link tokensOf} gives them; none when it consists of signs alone. */
  readonly tokens: readonly string[]
  /** The word as it must stand there, folded, when it holds signs; else null. */
  readonly literal: string | null
}

/** Scripts that write no space between words: each sign is a word of its own, so that any part of a text is found. */
const unspaced =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}'
const token = new RegExp(`[${unspaced}]|(?:(?![${unspaced}])[\\p{L}\\p{N}])+`, 'gu')
/** What people put around words when they write or copy them, and what other searches give a meaning to. */
const around = /^["'“”„‘’«»*([{,;!?]+|["'“”„‘’«»*)\]},;!?.]+$/gu
/** More words than this narrow nothing down any more. */
const mostWords = 20

/** Without case, accents and variants of the same letter. */
export function folded(text: string): string {
  return text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
}

/** The words of a text, folded, as they are indexed. */
export function tokensOf(text: string): readonly string[] {
  return folded(text).match(token) ?? []
}

/** The words that are searched for. None for an empty text, which finds everything. */
export function searchWords(text: string): readonly SearchWord[] {
  const words = text.split(/\s+/u).filter(Boolean).slice(0, mostWords)
  return words.map((written) => {
    const bare = written.replaceAll(around, '')
    const word = folded(bare === '' ? written : bare)
    const tokens = word.match(token) ?? []
    return { tokens, literal: tokens.join('') === word ? null : word }
  })
}

/** Whether the words are found in an event. */
export function textMatcher(words: readonly SearchWord[]): (event: SearchedText) => boolean {
  if (words.length === 0) return () => true
  return ({ message, subject, kind }) => {
    const fields = [message, subject, kind].map((text) => {
      const whole = folded(text)
      return { whole, tokens: whole.match(token) ?? [] }
    })
    return words.every(({ tokens, literal }) =>
      fields.some((field) => (literal === null || field.whole.includes(literal)) && holdsInOrder(field.tokens, tokens)),
    )
  }
}

/** Whether `sought` follow each other in `tokens`, the last as the beginning of one. */
function holdsInOrder(tokens: readonly string[], sought: readonly string[]): boolean {
  const last = sought.length - 1
  return (
    last === -1 ||
    tokens.some((_, start) =>
      sought.every((word, index) => {
        const there = tokens[start + index]
        return index === last ? there?.startsWith(word) : there === word
      }),
    )
  )
}
