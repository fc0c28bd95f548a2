import { sizeInWords } from '#shared/size-words.ts'

/** Rows under a heading, columns aligned; the last column is not padded. Columns named in `right` are numbers. */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): string {
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return right.includes(heading[column] ?? '') ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [heading, ...rows].map(line).join('\n')
}

/** Bytes for a table; a dash where they are not known. */
export function bytes(count: number | null): string {
  return count === null ? '–' : sizeInWords(count)
}

/** A moment in the site's zone: `2026-01-05 16:30:00`. */
export function moment(at: number, zone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(at)
}

/** "1 service", "2 services". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** The beginning of a text that is too long for a table. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`
}

/**
 * A text of any number of lines without what would steer a terminal: reasons, topics and lines of logs hold what devices and services
 * sent. Line ends and tabs stay.
 */
export function withoutControls(text: string): string {
  return text.replaceAll(/(?!\n|\t|\r\n)\p{Cc}/gu, '\uFFFD')
}

/** JSON of which every control character is escaped, also those that JSON would let be. `indent` as for `JSON.stringify`. */
export function jsonText(document: unknown, indent?: number): string {
  const escaped = (character: string) => `\\u00${character.charCodeAt(0).toString(16)}`
  return JSON.stringify(document, null, indent).replaceAll(/[\u007f-\u009f]/g, escaped)
}

/** A text of one line that somebody else gave, without what would steer a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\uFFFD')
}
