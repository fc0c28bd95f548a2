import type { Statement } from '#core/store/index.ts'
import type { SearchWord } from '#shared/event-text.ts'
import { tokensOf } from '#shared/event-text.ts'

/**
 * The terms of the text index. FTS5 puts together all that begins with a prefix before it gives the first result: out of 1,000,000
 * events with the word "service" that takes 100 ms. So every term begins with the number of its block of 16,384 sequences, and a search
 * goes from block to block until its page is full. The blocks of removed events are left behind as a whole.
 */
const blockBits = 14
const blockSize = 2 ** blockBits

export interface IndexedText {
  readonly seq: number
  readonly message: string
  readonly subject: string
  readonly kind: string
  readonly severity: number
}

export function blockOf(seq: number): number {
  return Math.floor(seq / blockSize)
}

/** First and last sequence of a block. */
export function blockRange(block: number): { readonly low: number; readonly high: number } {
  return { low: block * blockSize, high: (block + 1) * blockSize - 1 }
}

/** Adds events to the text index. */
export function indexStatement(events: readonly IndexedText[]): Statement {
  const rows = events.map(({ seq, message, subject, kind, severity }) => {
    const begin = termBegin(blockOf(seq))
    const terms = (text: string) =>
      tokensOf(text)
        .map((token) => begin + token)
        .join(' ')
    return [seq, terms(message), terms(subject), terms(kind), begin + severityMark(severity)]
  })
  return {
    sql: `INSERT INTO events_text (rowid, message, subject, kind, marks)
          SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?)`,
    values: [JSON.stringify(rows)],
  }
}

export interface SoughtText {
  readonly words: readonly SearchWord[]
  /** Least rank of the severity. */
  readonly rank: number
  readonly subject: string | undefined
}

/**
 * The FTS5 expression for events of these blocks that may match: whoever matches is found, and signs within words are not looked at.
 * Null when no word has anything that the index knows.
 */
export function matchExpression({ words, rank, subject }: SoughtText, blocks: readonly number[]): string | null {
  const sought = words.map(({ tokens }) => tokens).filter((tokens) => tokens.length > 0)
  if (sought.length === 0) return null
  const ofBlock = (block: number) => {
    const begin = termBegin(block)
    // Tokens hold letters and digits alone, so nothing in them can end the string.
    const phrase = (tokens: readonly string[]) => `"${tokens.map((token) => begin + token).join(' ')}"`
    const conditions = sought.map((tokens) => `{message subject kind} : ${phrase(tokens)} *`)
    const subjectTokens = tokensOf(subject ?? '')
    if (subjectTokens.length > 0) conditions.push(`subject : ${phrase(subjectTokens)}`)
    if (rank > 0) {
      const marks = [0, 1, 2, 3, 4].slice(rank).map((each) => phrase([severityMark(each)]))
      conditions.push(`marks : (${marks.join(' OR ')})`)
    }
    return conditions.length === 1 ? conditions.join('') : `(${conditions.join(' AND ')})`
  }
  return blocks.map(ofBlock).join(' OR ')
}

/** `_` is part of no token, so that the terms of block 1 and of block 10 never begin alike. */
function termBegin(block: number): string {
  return `${block.toString(36)}_`
}

function severityMark(severity: number): string {
  return `v${severity}`
}
