import type { Database, SqlValue } from '#core/store/index.ts'
import type { RecordedRow } from '#shared/contract/recordings.ts'
import { ConsoleError } from '#shared/problem.ts'
import { broughtIn } from '../brought.ts'
import { filterMatches, parseTopicFilter, type TopicFilter } from '../topic-filter.ts'

/** Rows that one query looks at, and how long one page may look. */
const windowRows = 50_000
const lookMs = 1_000

/** Payload bytes of one page, so that it never is too large to send. */
const pageBytes = 4 * 1024 * 1024

export interface PageQuery {
  readonly recording: number
  /** Rows behind this one. */
  readonly after: number
  readonly filter: string
  readonly text: string
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly limit: number
}

interface Row {
  readonly seq: number
  readonly at: number
  readonly topic: string
  readonly qos: number
  readonly retain: number
  readonly payload: string | Uint8Array
  readonly broker: string | null
  readonly properties: string | null
  readonly client: string | null
}

/**
 * A page of a recording, oldest first. Looks through it window by window in the reader's thread, for about a second at most: `next` is where
 * to go on from, null at the end.
 */
export async function recordedPage(
  database: Database,
  query: PageQuery,
  now: () => number,
): Promise<{ readonly rows: RecordedRow[]; readonly next: number | null }> {
  const filter = filterOf(query.filter)
  const deadline = now() + lookMs
  const rows: RecordedRow[] = []
  let bytes = 0
  let after = query.after
  while (true) {
    const end = await endOfWindow(database, query.recording, after)
    if (end === null) return { rows, next: null }
    const wanted = query.limit - rows.length
    const found = await database.query<Row>(windowQuery(query, filter, after, end, wanted))
    for (const row of found) {
      if (bytes > pageBytes) return { rows, next: after }
      after = row.seq
      if (filter !== null && !filterMatches(filter, row.topic)) continue
      const shown = shownRow(row)
      rows.push(shown)
      bytes += shown.bytes + (row.properties?.length ?? 0)
    }
    if (found.length < wanted) after = end
    if (rows.length >= query.limit || now() >= deadline) return { rows, next: after }
  }
}

/** Messages of one topic of one broker; null: it is not known of which. */
export interface TopicGroup {
  readonly topic: string
  readonly broker: string | null
  readonly messages: number
  readonly retained: number
  readonly withProperties: number
  /** When the first and the last came. */
  readonly first: number
  readonly last: number
}

/** The topics of a recording that a filter takes in, and how many messages each has, the busiest first; and the same by brokers. */
export async function topicsOf(
  database: Database,
  recording: number,
  filterText: string,
): Promise<{
  readonly topics: readonly { readonly topic: string; readonly messages: number; readonly retained: number }[]
  readonly groups: readonly TopicGroup[]
}> {
  const filter = filterOf(filterText)
  const { sql, values } = topicCondition(filter)
  const found = await database.query<TopicGroup>(
    {
      sql: `SELECT topic, broker, count(*) AS messages, sum(retain) AS retained, count(properties) AS withProperties,
                   min(at) AS first, max(at) AS last
            FROM recorded WHERE recording = ? ${sql} GROUP BY topic, broker`,
      values: [recording, ...values],
      name: 'topics of a recording',
    },
    { atMostMs: 30_000 },
  )
  const groups = filter === null ? found : found.filter(({ topic }) => filterMatches(filter, topic))
  const topics = new Map<string, { topic: string; messages: number; retained: number }>()
  for (const { topic, messages, retained } of groups) {
    const known = topics.get(topic) ?? { topic, messages: 0, retained: 0 }
    known.messages += messages
    known.retained += retained
    topics.set(topic, known)
  }
  const busiest = [...topics.values()].toSorted((one, other) => other.messages - one.messages)
  return { topics: busiest, groups }
}

/** The key of the last row in the next window; null when there is none. */
async function endOfWindow(database: Database, recording: number, after: number): Promise<number | null> {
  const [row] = await database.query<{ seq: number | null }>({
    sql: `SELECT max(seq) AS seq FROM (SELECT seq FROM recorded WHERE recording = ? AND seq > ? ORDER BY seq LIMIT ${windowRows})`,
    values: [recording, after],
    name: 'window of a recording',
  })
  return row?.seq ?? null
}

function windowQuery(query: PageQuery, filter: TopicFilter | null, after: number, end: number, limit: number) {
  const conditions = ['recording = ?', 'seq > ?', 'seq <= ?']
  const values: SqlValue[] = [query.recording, after, end]
  if (query.from !== undefined) {
    conditions.push('at >= ?')
    values.push(Math.floor(query.from))
  }
  if (query.to !== undefined) {
    conditions.push('at <= ?')
    values.push(Math.ceil(query.to))
  }
  const topic = topicCondition(filter)
  values.push(...topic.values)
  if (query.text !== '') {
    const pattern = `%${query.text.replace(/[\\%_]/g, '\\$&')}%`
    conditions.push(`(payload LIKE ? ESCAPE '\\' OR topic LIKE ? ESCAPE '\\')`)
    values.push(pattern, pattern)
  }
  return {
    sql: `SELECT seq, at, topic, qos, retain, payload, broker, properties, client FROM recorded
          WHERE ${conditions.join(' AND ')} ${topic.sql} ORDER BY seq LIMIT ?`,
    values: [...values, limit],
    name: 'page of a recording',
  }
}

/**
 * What SQLite can leave out by itself. A "*" of GLOB goes over "/" as well, so the levels are counted too, and whoever reads the rows looks
 * at their topics once more.
 */
function topicCondition(filter: TopicFilter | null): { readonly sql: string; readonly values: readonly SqlValue[] } {
  if (filter === null) return { sql: '', values: [] }
  const { levels } = filter
  const below = levels.at(-1) === '#'
  const own = below ? levels.slice(0, -1) : levels
  if (own.length === 0) return { sql: '', values: [] }
  const glob = own.map((level) => (level === '+' ? '*' : level.replace(/[[*?]/g, '[$&]'))).join('/')
  if (below) return { sql: 'AND (topic GLOB ? OR topic GLOB ?)', values: [glob, `${glob}/*`] }
  if (!own.includes('+')) return { sql: 'AND topic = ?', values: [own.join('/')] }
  return {
    sql: "AND topic GLOB ? AND length(topic) - length(replace(topic, '/', '')) = ?",
    values: [glob, own.length - 1],
  }
}

/** null: everything. Throws a ConsoleError for what is no topic filter. */
function filterOf(text: string): TopicFilter | null {
  if (text === '#') return null
  const parsed = parseTopicFilter(text)
  if ('filter' in parsed) return parsed.filter
  throw new ConsoleError(
    'filter-invalid',
    `"${text}" is not a topic filter. ${parsed.mistake.message}`,
    'Correct the filter, as in "site/+/status" or "site/#".',
    { params: { position: parsed.mistake.position } },
  )
}

function shownRow({ seq, at, topic, qos, retain, payload, broker, properties, client }: Row): RecordedRow {
  const brought = broughtIn(properties)
  const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
  return {
    seq,
    at,
    topic,
    qos: qos === 2 ? 2 : qos === 1 ? 1 : 0,
    retain: retain !== 0,
    payload: typeof payload === 'string' ? payload : Buffer.from(payload).toString('hex'),
    encoding: typeof payload === 'string' ? 'utf8' : 'hex',
    bytes,
    ...(broker !== null && { broker }),
    ...(client !== null && { client }),
    ...(brought && { properties: brought }),
  }
}
