import type { Statement } from './types.ts'

/** What a statement is called where slow ones are listed: its own name, else its verb and its table, such as "INSERT events". */
export function statementName({ sql, name }: Pick<Statement, 'sql' | 'name'>): string {
  if (name !== undefined) return name
  const text = sql.replaceAll(/\s+/g, ' ').trim()
  const verb = /^[a-z]+/i.exec(text)?.[0].toUpperCase() ?? 'statement'
  const table = /\b(?:into|from|update|join)\s+"?([a-z_][a-z0-9_]*)/i.exec(text)?.[1]
  return table ? `${verb} ${table}` : text.slice(0, 40)
}
