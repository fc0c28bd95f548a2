import type { Command } from 'commander'
import type { EventFilter } from '#shared/event-filter.ts'
import { type Severity, severities } from '#shared/vocabulary.ts'
import { events } from './commands/events.ts'
import { oneOf, wholeNumber } from './option-values.ts'
import type { Run } from './program.ts'

/** `wheelhouse events`. */
export function addEventCommands(program: Command, run: Run): void {
  program
    .command('events')
    .description('what happened, oldest first')
    .option('--limit <count>', 'at most so many, the newest', wholeNumber(1, 1_000), 50)
    .option('--subject <subject>', 'only of this: service:api, route:desk-presence, site')
    .option('--kind <prefix>', 'only kinds that begin so: service., backup.completed')
    .option('--text <words>', 'only those in which all these words begin one: "broker refused", service:api, 100%')
    .option('--operation <id>', 'only what belongs to this: the id of a job, jb-…')
    .option('--at-least <severity>', `only from this severity up: ${severities.join(', ')}`, oneOf(severities))
    .option('--since-seq <seq>', 'only events after this number', wholeNumber(0, Number.MAX_SAFE_INTEGER - 1))
    .option('--from-seq <seq>', 'only events from this number on', wholeNumber(0, Number.MAX_SAFE_INTEGER - 1))
    .option('--to-seq <seq>', 'only events up to this number', wholeNumber(0, Number.MAX_SAFE_INTEGER - 1))
    .option('--from <time>', "only from this time on: 2026-01-05T08:30:00Z, or 2026-01-05 16:30 in the site's zone")
    .option('--to <time>', 'only up to this time')
    .option('--follow', 'go on with what happens, until Ctrl-C; with --json one document a line')
    .option('--export <file>', 'write all of them to a file as JSON Lines instead')
    .option('--force', 'replace the file if it exists')
    .action(async (values: EventsValues, command: Command) => {
      const { export: exportTo, follow = false, force = false } = values
      if (follow && (exportTo !== undefined || values.to !== undefined || values.toSeq !== undefined))
        command.error('error: --follow has no end: it goes with neither --export nor --to nor --to-seq')
      if (force && exportTo === undefined) command.error('error: --force belongs to --export')
      if (exportTo !== undefined && command.getOptionValueSource('limit') === 'cli')
        command.error('error: --export writes all of them: narrow it by numbers or times instead of --limit')
      await run(command, (context) =>
        events(context, {
          limit: values.limit,
          filter: eventFilter(values),
          fromSeq: Math.max(values.fromSeq ?? 0, (values.sinceSeq ?? -1) + 1),
          toSeq: values.toSeq ?? Number.MAX_SAFE_INTEGER - 1,
          from: values.from,
          to: values.to,
          follow,
          exportTo,
          force,
        }),
      )
    })
}

interface EventsValues {
  readonly limit: number
  readonly subject?: string
  readonly kind?: string
  readonly text?: string
  readonly operation?: string
  readonly atLeast?: Severity
  readonly sinceSeq?: number
  readonly fromSeq?: number
  readonly toSeq?: number
  readonly from?: string
  readonly to?: string
  readonly follow?: boolean
  readonly export?: string
  readonly force?: boolean
}

function eventFilter({ subject, kind, text, operation, atLeast }: EventsValues): EventFilter {
  return {
    ...(subject !== undefined && { subject }),
    ...(kind !== undefined && { kind }),
    ...(text !== undefined && { text }),
    ...(operation !== undefined && { operation }),
    ...(atLeast !== undefined && { atLeast }),
  }
}
