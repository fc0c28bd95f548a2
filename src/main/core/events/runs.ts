import type { Statement } from '#core/store/index.ts'

/** Widths of the runs in the table `events_runs`, in minutes. */
export const runMinutes = [1, 60] as const
export const minuteMs = 60_000

/** A stretch of sequences whose times lie in the same minute or hour. First and last are sequences of events that exist. */
export interface Run {
  readonly minutes: number
  readonly first_seq: number
  readonly last_seq: number
  readonly slot: number
  readonly info: number
  readonly notice: number
  readonly warning: number
  readonly error: number
  readonly critical: number
}

/** What of an event is counted. `severity` is the rank. */
export interface CountedEvent {
  readonly seq: number
  readonly at: number
  readonly severity: number
}

/**
 * The runs of events in order of sequence that follow `last`, the newest run so far. The first run is what `last` grows by when the
 * events go on in it: it has its `first_seq` then.
 */
export function runsOf(events: readonly CountedEvent[], minutes: number, last: Run | undefined): readonly Run[] {
  const runs: Run[] = []
  for (const { seq, at, severity } of events) {
    const slot = Math.floor(at / (minutes * minuteMs))
    const open = runs.at(-1) ?? (last && { ...last, ...noCounts })
    if (open?.slot === slot) runs[Math.max(0, runs.length - 1)] = counted({ ...open, last_seq: seq }, severity, 1)
    else runs.push(counted({ minutes, first_seq: seq, last_seq: seq, slot, ...noCounts }, severity, 1))
  }
  return runs
}

/** Adds runs: new ones, and what those that exist grow by. */
export function addRuns(runs: readonly Run[]): Statement {
  return {
    sql: `INSERT INTO events_runs (${columns}) SELECT ${columnsOfJson} FROM json_each(?) WHERE true
          ON CONFLICT (minutes, first_seq) DO UPDATE SET last_seq = excluded.last_seq, info = info + excluded.info,
            notice = notice + excluded.notice, warning = warning + excluded.warning, error = error + excluded.error,
            critical = critical + excluded.critical`,
    values: [JSON.stringify(runs)],
  }
}

/** Puts other runs in the place of these. */
export function replaceRuns(old: readonly Run[], changed: readonly Run[]): readonly Statement[] {
  const keys = JSON.stringify(old.map(({ minutes, first_seq }) => ({ minutes, first_seq })))
  return [
    {
      sql: `DELETE FROM events_runs WHERE (minutes, first_seq) IN (
              SELECT value ->> 'minutes', value ->> 'first_seq' FROM json_each(?))`,
      values: [keys],
    },
    {
      sql: `INSERT INTO events_runs (${columns}) SELECT ${columnsOfJson} FROM json_each(?)`,
      values: [JSON.stringify(changed)],
    },
  ]
}

/** Events that follow each other in the table, of which some are removed, and the events before and after them. */
export interface Removal {
  readonly events: readonly (CountedEvent & { readonly removed: boolean })[]
  readonly before: number | null
  readonly after: number | null
}

/** What becomes of the runs that these events lie in; those of which nothing is left are not among the result. */
export function runsAfter(runs: readonly Run[], { events, before, after }: Removal): readonly Run[] {
  const begin = events[0]?.seq ?? 0
  const end = events.at(-1)?.seq ?? 0
  return runs.flatMap((run) => {
    const within = events.filter(({ seq }) => seq >= run.first_seq && seq <= run.last_seq)
    const left = within.filter(({ removed }) => !removed)
    const first = run.first_seq < begin ? run.first_seq : (left[0]?.seq ?? (run.last_seq > end ? after : null))
    const last = run.last_seq > end ? run.last_seq : (left.at(-1)?.seq ?? (run.first_seq < begin ? before : null))
    if (first === null || last === null) return []
    return [
      within
        .filter(({ removed }) => removed)
        .reduce((smaller, { severity }) => counted(smaller, severity, -1), {
          ...run,
          first_seq: first,
          last_seq: last,
        }),
    ]
  })
}

const noCounts = { info: 0, notice: 0, warning: 0, error: 0, critical: 0 } as const
const columnNames = ['minutes', 'first_seq', 'last_seq', 'slot', ...Object.keys(noCounts)]
const columns = columnNames.join(', ')
const columnsOfJson = columnNames.map((name) => `value ->> '${name}'`).join(', ')
export const runColumns = columns

function counted(run: Run, severity: number, by: 1 | -1): Run {
  switch (severity) {
    case 0:
      return { ...run, info: run.info + by }
    case 1:
      return { ...run, notice: run.notice + by }
    case 2:
      return { ...run, warning: run.warning + by }
    case 3:
      return { ...run, error: run.error + by }
    default:
      return { ...run, critical: run.critical + by }
  }
}
