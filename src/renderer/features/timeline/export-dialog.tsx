import { Button, Progress } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { EventFilter } from '#shared/event-filter.ts'
import type { Problem } from '#shared/problem.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { exportBlob } from '../../components/export-text.ts'
import { count, counted } from '../../components/figures.ts'
import { useSiteTime } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { useSite } from '../../state/use-shown.ts'
import type { SeqRange } from './event-filter.ts'
import { exportCommand } from './events-command.ts'
import styles from './export-dialog.module.css'
import { exportSpan, mostExported } from './export-span.ts'
import type { EventSpan } from './scrubber/event-span.ts'
import { aboutIn, rangeWords } from './scrubber/scrubber-words.ts'

type Stage =
  | { readonly type: 'asking' }
  | { readonly type: 'reading'; readonly count: number }
  | { readonly type: 'saved'; readonly count: number; readonly cut: boolean }
  | { readonly type: 'failed'; readonly problem: Problem }

/** Saves the selected span, or else everything that the filter lets through, as JSON Lines. */
export function ExportDialog({
  filter,
  range,
  span,
  onClose,
}: {
  readonly filter: EventFilter
  readonly range: SeqRange | null
  /** What the filter lets through, as counted; undefined when the counts are not there. */
  readonly span: EventSpan | undefined
  readonly onClose: () => void
}) {
  const { link } = usePage()
  const site = useSite()
  const format = useSiteTime()
  const [stage, setStage] = useState<Stage>({ type: 'asking' })
  const stop = useRef(new AbortController())
  useEffect(() => () => stop.current.abort(), [])
  const file = `events-${site?.id ?? 'site'}.jsonl`
  const about = span && (range ? aboutIn(range, span) : span.total)
  const command = exportCommand(file, filter, range)
  const byCommand = ' The command line saves all of them.'
  const many = about !== undefined && about > mostExported
  const save = async () => {
    stop.current = new AbortController()
    const { signal } = stop.current
    setStage({ type: 'reading', count: 0 })
    try {
      const saved = await exportSpan(async (query) => await link.calls.events.page({ ...filter, ...query }), range, {
        signal,
        onRead: (read) => setStage({ type: 'reading', count: read }),
      })
      if (!saved) return
      exportBlob(file, new Blob([...saved.parts], { type: 'application/jsonl' }))
      setStage({ type: 'saved', count: saved.count, cut: saved.cut })
    } catch (error) {
      if (!signal.aborted) setStage({ type: 'failed', problem: toConsoleError(error).problem })
    }
  }
  const cancel = () => {
    stop.current.abort()
    setStage({ type: 'asking' })
  }
  const reading = stage.type === 'reading'
  return (
    <Dialog onClose={onClose} title="Export events" size={560}>
      <div className={styles.body}>
        <p>
          {range && span ? (
            <>
              The selected span, {rangeWords(range, span, format)}
              {Object.keys(filter).length > 0 && ', as far as the filters let it through'}
            </>
          ) : Object.keys(filter).length > 0 ? (
            'Everything that the filters let through'
          ) : (
            'The whole log'
          )}
          {about === undefined ? '' : `: about ${counted(about, 'event')}`}. One event a line (JSON Lines), oldest
          first.
        </p>
        {many && stage.type === 'asking' && (
          <p>
            From here the oldest {count(mostExported)} of them are saved, or select a shorter span.{byCommand}
          </p>
        )}
        <CommandLine command={command} />
        {reading && (
          <div>
            <Progress
              aria-label="Events read"
              value={about ? Math.min(100, (stage.count / Math.min(about, mostExported)) * 100) : 0}
              transitionDuration={0}
            />
            <p className="dim">{counted(stage.count, 'event')} read</p>
          </div>
        )}
        {stage.type === 'saved' && (
          <p role="status">
            {stage.cut
              ? `The oldest ${counted(stage.count, 'event')} were saved as ${file}, the most that a page saves; there are more.${byCommand}`
              : `${counted(stage.count, 'event')} were saved as ${file}.`}
          </p>
        )}
        {stage.type === 'failed' && (
          <p role="alert">
            {stage.problem.message} <span className="dim">{stage.problem.remedy}</span>
          </p>
        )}
      </div>
      <div className={styles.buttons}>
        {reading ? (
          <Button size="sm" onClick={cancel}>
            Cancel the export
          </Button>
        ) : (
          <Button size="sm" onClick={onClose}>
            Close
          </Button>
        )}
        <Button size="sm" variant="filled" data-autofocus disabled={reading} onClick={() => void save()}>
          {stage.type === 'failed' ? 'Try again' : 'Save as a file'}
        </Button>
      </div>
    </Dialog>
  )
}
