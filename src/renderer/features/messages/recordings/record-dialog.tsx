import { Button, NumberInput, TextInput } from '@mantine/core'
import { useState } from 'react'
import { CommandLine } from '../../../components/command-line.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { tellDone, useAction } from '../../../state/use-action.tsx'
import { filterMistake } from '../topic-filter.ts'
import styles from './recordings.module.css'

/** Asks what is to be recorded, and where it ends. */
export function RecordDialog({ filter: given, onClose }: { readonly filter: string; readonly onClose: () => void }) {
  const { busy, run } = useAction()
  const [name, setName] = useState('')
  const [filter, setFilter] = useState(given)
  const [text, setText] = useState('')
  const [hours, setHours] = useState<number | string>(24)
  const mistake = filterMistake(filter)
  const valid = name.trim() !== '' && mistake === null && typeof hours === 'number' && hours > 0
  const begin = async () => {
    const ms = Math.round(Number(hours) * 3_600_000)
    const done = await run((calls) => calls.recordings.start({ name: name.trim(), filter, text, ms }))
    if (!done) return
    tellDone(`${name.trim()} is being recorded.`)
    onClose()
  }
  return (
    <Dialog title="Record messages" size={520} onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (valid && !busy) void begin()
        }}
      >
        <TextInput
          label="Name"
          data-autofocus
          value={name}
          maxLength={100}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="Topic filter"
          classNames={{ input: 'mono' }}
          value={filter}
          error={mistake}
          onChange={(event) => setFilter(event.currentTarget.value)}
          spellCheck={false}
        />
        <TextInput
          label="Only with this text in topic or payload"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <NumberInput label="At most so many hours" min={0.01} max={168} value={hours} onChange={setHours} />
        <p className="dim">
          It ends by itself at 1,000,000 messages, 512 MB, or when its time is over, and goes on when the console is
          started again.
        </p>
        <CommandLine
          command={`wheelhouse recording start ${quoted(name.trim() || 'NAME')} --filter ${quoted(filter)}`}
        />
        <div className={styles.buttons}>
          <Button size="sm" onClick={onClose}>
            Cancel
          </Button>
          <Button size="sm" type="submit" variant="filled" disabled={!valid || busy}>
            Record {filter}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function quoted(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
