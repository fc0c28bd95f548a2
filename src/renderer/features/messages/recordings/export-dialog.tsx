import { Button, Progress } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { RecordingView } from '#shared/contract/index.ts'
import { lineOf } from '#shared/message-lines.ts'
import type { Problem } from '#shared/problem.ts'
import { CommandLine } from '../../../components/command-line.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { exportBlob } from '../../../components/export-text.ts'
import { bytes, count, counted } from '../../../components/figures.ts'
import { usePage } from '../../../state/page-context.ts'
import styles from './recordings.module.css'

/** Most that a page gathers before it hands the file over: the rest is for the command line. */
const mostMessages = 200_000
const mostBytes = 100 * 1024 * 1024

type Stage =
  | { readonly type: 'asking' }
  | { readonly type: 'reading'; readonly count: number }
  | { readonly type: 'saved'; readonly count: number; readonly cut: boolean; readonly missing: number }
  | { readonly type: 'failed'; readonly problem: Problem }

/** Saves a recording as JSON Lines. */
export function ExportDialog({
  recording,
  onClose,
}: {
  readonly recording: RecordingView
  readonly onClose: () => void
}) {
  const { link } = usePage()
  const [stage, setStage] = useState<Stage>({ type: 'asking' })
  const stop = useRef(new AbortController())
  useEffect(() => () => stop.current.abort(), [])
  const file = `${recording.name.replace(/[^\w.-]+/g, '-')}.jsonl`
  const save = async () => {
    stop.current = new AbortController()
    const { signal } = stop.current
    setStage({ type: 'reading', count: 0 })
    try {
      const parts: string[] = []
      let read = 0
      let size = 0
      let after: number | null = 0
      while (after !== null && read < mostMessages && size < mostBytes && !signal.aborted) {
        const page = await link.calls.recordings.page({ recording: recording.id, after, limit: 1_000 })
        const text = page.rows.map((row) => `${lineOf(row)}\n`).join('')
        parts.push(text)
        read += page.rows.length
        size += text.length
        after = page.next
        if (!signal.aborted) setStage({ type: 'reading', count: read })
      }
      if (signal.aborted) return
      exportBlob(file, new Blob(parts, { type: 'application/jsonl' }))
      setStage({
        type: 'saved',
        count: read,
        cut: after !== null && read < recording.messages,
        missing: after === null && recording.state === 'complete' ? recording.messages - read : 0,
      })
    } catch (error) {
      if (!signal.aborted) setStage({ type: 'failed', problem: toConsoleError(error).problem })
    }
  }
  const reading = stage.type === 'reading'
  return (
    <Dialog title={`Export ${recording.name}`} size={520} onClose={onClose}>
      <p>
        {counted(recording.messages, 'message')}, {bytes(recording.bytes)}, one a line (JSON Lines), oldest first.
        {recording.messages > mostMessages &&
          ` From here the first ${count(mostMessages)} are saved; the command line saves all of them.`}
      </p>
      <CommandLine command={`wheelhouse recording export ${recording.id} ${file}`} />
      {reading && (
        <>
          <Progress
            aria-label="Messages read"
            value={recording.messages === 0 ? 0 : (stage.count / Math.min(recording.messages, mostMessages)) * 100}
            transitionDuration={0}
          />
          <p className="dim">{counted(stage.count, 'message')} read</p>
        </>
      )}
      {stage.type === 'saved' && (
        <p role="status">
          {counted(stage.count, 'message')} were saved as {file}
          {stage.cut && ', the most that a page saves; the command line saves all of them'}.
        </p>
      )}
      {stage.type === 'saved' && stage.missing > 0 && (
        <p role="alert">
          {counted(stage.missing, 'message')} of it are missing: the database no longer holds them. Something else has
          deleted them, or they were lost with damage.
        </p>
      )}
      {stage.type === 'failed' && (
        <p role="alert">
          {stage.problem.message} <span className="dim">{stage.problem.remedy}</span>
        </p>
      )}
      <div className={styles.buttons}>
        <Button
          size="sm"
          onClick={() => {
            if (!reading) onClose()
            stop.current.abort()
            setStage({ type: 'asking' })
          }}
        >
          {reading ? 'Cancel the export' : 'Close'}
        </Button>
        <Button size="sm" variant="filled" data-autofocus disabled={reading} onClick={() => void save()}>
          Save as a file
        </Button>
      </div>
    </Dialog>
  )
}
