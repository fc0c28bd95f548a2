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

/** A text that somebody else gave, without what would steer a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\uFFFD')
}
