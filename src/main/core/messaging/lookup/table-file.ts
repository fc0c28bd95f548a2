import { parse } from 'csv-parse/sync'

/** One row: its columns, or whatever JSON has below its key. */
export type TableRow = Readonly<Record<string, unknown>>

/** Largest table file in bytes, and most rows of one. */
export const tableBounds = { bytes: 16 * 1024 * 1024, rows: 100_000 } as const

/**
 * The rows of a table by the text of their key column. CSV has a line of column names first; JSON is a list of objects, or an object
 * of rows by key. Throws what is wrong, the end of a sentence.
 */
export function parseTable(text: string, file: string, key: string): ReadonlyMap<string, TableRow> {
  const rows = file.endsWith('.json') ? jsonRows(text, key) : csvRows(text)
  if (rows.length > tableBounds.rows) throw new Error(`it has more than ${tableBounds.rows} rows`)
  const byKey = new Map<string, TableRow>()
  for (const [index, row] of rows.entries()) {
    const value = row[key]
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new Error(`row ${index + 1} has no text or number in the column "${key}"`)
    }
    const name = String(value)
    if (byKey.has(name)) throw new Error(`"${name}" stands twice in the column "${key}", again in row ${index + 1}`)
    byKey.set(name, row)
  }
  return byKey
}

function csvRows(text: string): readonly TableRow[] {
  return parse<TableRow>(text, { columns: true, bom: true, skip_empty_lines: true, trim: true })
}

function jsonRows(text: string, key: string): readonly TableRow[] {
  const value: unknown = JSON.parse(text)
  if (Array.isArray(value)) return value.map((row, index) => asRow(row, `element ${index + 1}`))
  return Object.entries(asRow(value, 'it')).map(([name, row]) => ({ ...asRow(row, `"${name}"`), [key]: name }))
}

function asRow(value: unknown, what: string): TableRow {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new Error(`${what} is not an object`)
}
