import type { SqlValue, Statement } from '#core/store/index.ts'
import { severities } from '#shared/vocabulary.ts'
import { areaOf, eventColumns } from './event-rows.ts'
import type { EventQuery } from './types.ts'

/** Rank of `warning`: from here up events are rare and have an index of their own. */
export const notableRank = severities.indexOf('warning')

/** The statement for a page, one row longer than asked for, so that it shows whether there is more. */
export function pageStatement(query: EventQuery): Statement {
  const conditions: string[] = []
  const values: SqlValue[] = []
  const where = (condition: string, ...bound: SqlValue[]) => {
    conditions.push(condition)
    values.push(...bound)
  }
  if (query.before !== undefined) where('seq < ?', query.before)
  if (query.after !== undefined) where('seq > ?', query.after)
  if (query.subject !== undefined) where('subject = ?', query.subject)
  if (query.operation !== undefined) where('operation = ?', query.operation)
  if (query.kind !== undefined) whereKind(query.kind, where)
  if (query.atLeast !== undefined) {
    const rank = severities.indexOf(query.atLeast)
    if (rank >= notableRank) where(`severity >= ${notableRank}`)
    if (rank > 0) where(`severity >= ${rank}`)
  }
  for (const word of query.text?.split(/\s+/).filter(Boolean) ?? []) {
    where("message LIKE ? ESCAPE '\\'", `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`)
  }
  const order = query.after !== undefined && query.before === undefined ? 'ASC' : 'DESC'
  const filter = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''
  return {
    sql: `SELECT ${eventColumns} FROM events ${filter} ORDER BY seq ${order} LIMIT ?`,
    values: [...values, query.limit + 1],
  }
}

function whereKind(prefix: string, where: (condition: string, ...values: SqlValue[]) => void): void {
  // The area is found by its index in order of time; the rest of the prefix only filters what is read.
  if (prefix.includes('.')) where('area = ?', areaOf(prefix))
  if (!prefix.endsWith('.')) where('substr(kind, 1, ?) = ?', prefix.length, prefix)
}
