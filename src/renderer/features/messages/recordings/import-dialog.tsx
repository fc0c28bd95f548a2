import { Button, FileInput, Progress, TextInput } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import { importFile } from '#shared/import-file.ts'
import { CommandLine } from '../../../components/command-line.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { counted } from '../../../components/figures.ts'
import { usePage } from '../../../state/page-context.ts'
import { tellDone } from '../../../state/use-action.tsx'
import styles from './recordings.module.css'

type Stage =
  | { readonly type: 'asking' }
  | { readonly type: 'working'; readonly done: number; readonly of: number }
  | { readonly type: 'failed'; readonly sentence: string }

/** Imports a file of JSON Lines as a recording: every line is checked before the first is sent. */
export function ImportDialog({ onClose }: { readonly onClose: () => void }) {
  const { link } = usePage()
  const [file, setFile] = useState<File | null>(null)
  const [name, setName] = useState('')
  const [stage, setStage] = useState<Stage>({ type: 'asking' })
  const stop = useRef(new AbortController())
  useEffect(() => () => stop.current.abort(), [])
  const working = stage.type === 'working'
  const begin = async () => {
    if (!file) return
    stop.current = new AbortController()
    const { signal } = stop.current
    setStage({ type: 'working', done: 0, of: 0 })
    try {
      const done = await importFile(link.calls, name.trim(), () => piecesOf(file), {
        signal,
        onProgress: (sent, of) => setStage({ type: 'working', done: sent, of }),
      })
      if ('mistake' in done) setStage({ type: 'failed', sentence: `${done.mistake} Nothing was imported.` })
      else {
        tellDone(`${counted(done.messages, 'message')} were imported as ${name.trim()}.`)
        onClose()
      }
    } catch (error) {
      if (signal.aborted) setStage({ type: 'asking' })
      else {
        const { problem } = toConsoleError(error)
        setStage({ type: 'failed', sentence: `${problem.message} ${problem.remedy}` })
      }
    }
  }
  return (
    <Dialog title="Import a recording" size={520} onClose={onClose}>
      <div className={styles.form}>
        <FileInput
          label="File of JSON Lines"
          placeholder="Choose a file"
          value={file}
          disabled={working}
          onChange={(chosen) => {
            setFile(chosen)
            setStage({ type: 'asking' })
            if (chosen && name === '') setName(chosen.name.replace(/\.[^.]+$/, '').slice(0, 100))
          }}
        />
        <TextInput
          label="Name"
          value={name}
          maxLength={100}
          disabled={working}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <p className="dim">
          One message a line: <code>{'{"at": "2026-01-05T08:30:00Z", "topic": "a/b", "qos": 1, "payload": "…"}'}</code>
        </p>
        {working && (
          <>
            <Progress
              aria-label="Messages sent"
              value={stage.of === 0 ? 0 : (stage.done / stage.of) * 100}
              transitionDuration={0}
            />
            <p className="dim">
              {stage.of === 0 ? 'Checking every line' : `${counted(stage.done, 'message')} imported`}
            </p>
          </>
        )}
        {stage.type === 'failed' && <p role="alert">{stage.sentence}</p>}
        <CommandLine command="wheelhouse recording import FILE --name NAME" />
      </div>
      <div className={styles.buttons}>
        <Button size="sm" onClick={() => (working ? stop.current.abort() : onClose())}>
          {working ? 'Cancel the import' : 'Close'}
        </Button>
        <Button
          size="sm"
          variant="filled"
          disabled={working || file === null || name.trim() === ''}
          onClick={() => void begin()}
        >
          Check and import
        </Button>
      </div>
    </Dialog>
  )
}

async function* piecesOf(file: File): AsyncGenerator<string> {
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader()
  try {
    while (true) {
      const { value, done } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel()
  }
}
