import type { TableRow } from './table-file.ts'

/** Every table of a site: its rows by key, or why it could not be read. Sent between threads. */
export type TableContents = Readonly<
  Record<string, { readonly rows: ReadonlyMap<string, TableRow>; readonly failure: string | null }>
>

const noRow: TableRow = Object.freeze({})

/** The tables that expressions look things up in. Replaced as a whole when one of them changes. */
export class LookupTables {
  #contents: TableContents = {}

  replace(contents: TableContents): void {
    this.#contents = contents
  }

  /** The row of a key; one without columns when there is none. Throws a sentence when there is no such table, or it was never read. */
  find(table: string, key: unknown): TableRow {
    const found = Object.hasOwn(this.#contents, table) ? this.#contents[table] : undefined
    if (found === undefined) throw new Error(`this site has no table "${table}"`)
    if (found.rows.size === 0 && found.failure !== null) throw new Error(`table "${table}" ${found.failure}`)
    return found.rows.get(String(key)) ?? noRow
  }
}
