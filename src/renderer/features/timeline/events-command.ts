import type { EventFilter } from '#shared/event-filter.ts'
import type { SeqRange } from './event-filter.ts'

/** The export of these events on the command line. */
export function exportCommand(file: string, filter: EventFilter, range: SeqRange | null): string {
  const options: readonly (readonly [string, string | undefined])[] = [
    ['--subject', filter.subject],
    ['--kind', filter.kind],
    ['--operation', filter.operation],
    ['--at-least', filter.atLeast],
    ['--text', filter.text],
    ['--from-seq', range ? String(range.from) : undefined],
    ['--to-seq', range ? String(range.to) : undefined],
  ]
  const given = options.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${quoted(value)}`]))
  return ['wheelhouse events', `--export ${quoted(file)}`, ...given].join(' ')
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w.:/@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
