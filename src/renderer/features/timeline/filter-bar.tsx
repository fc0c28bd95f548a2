import { Autocomplete, Button, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconSearch, IconX } from '@tabler/icons-react'
import { useEffect, useMemo, useState } from 'react'
import type { EventFilter } from '#shared/event-filter.ts'
import { type EventRecord, severities } from '#shared/vocabulary.ts'
import { backToField, clearCross } from '../../components/clear-cross.ts'
import { useSelected } from '../../state/use-shown.ts'
import styles from './filter-bar.module.css'

/** While typing, the address follows after this pause. Milliseconds. */
const pause = 250

/** Parts of the console that events are about, besides services and routes. */
const parts = ['site', 'router', 'store']
/** The areas of kinds: what stands before the dot. */
const areas = [
  'service.',
  'services.',
  'job.',
  'backup.',
  'restore.',
  'config.',
  'site.',
  'router.',
  'route.',
  'broker.',
]
const moreAreas = ['attention.', 'store.', 'database.']

/** Every way to narrow the timeline; each goes away with one press. */
export function FilterBar({
  filter,
  events,
  onSet,
}: {
  readonly filter: EventFilter
  /** What is shown: its subjects and kinds are offered. */
  readonly events: readonly EventRecord[]
  readonly onSet: (name: keyof EventFilter, value: string | null) => void
}) {
  const same = (a: readonly string[], b: readonly string[]) => a.join() === b.join()
  const services = useSelected('services', (slice) => Object.keys(slice).map((id) => `service:${id}`), same)
  const routes = useSelected('routes', (slice) => Object.keys(slice).map((id) => `route:${id}`), same)
  const subjects = useMemo(() => {
    const known = new Set([...services, ...routes, ...parts])
    const others = [...new Set(events.map(({ subject }) => subject))].filter((subject) => !known.has(subject))
    return groups(['Services', services], ['Routes', routes], ['Parts', parts], ['On this page', others.slice(0, 50)])
  }, [services, routes, events])
  const kinds = useMemo(() => {
    const seen = [...new Set(events.map(({ kind }) => kind))].sort()
    return groups(['Areas', [...areas, ...moreAreas]], ['Kinds on this page', seen])
  }, [events])
  return (
    <>
      <TypedFilter label="Search events" value={filter.text} onSet={(value) => onSet('text', value)} />
      <TypedFilter
        label="Any subject"
        value={filter.subject}
        choices={subjects}
        onSet={(value) => onSet('subject', value)}
      />
      <TypedFilter label="Any kind" value={filter.kind} choices={kinds} onSet={(value) => onSet('kind', value)} />
      <Select
        aria-label="At least this severe"
        placeholder="Any severity"
        clearable
        clearButtonProps={clearCross('severity')}
        w={150}
        data={severities.map((value) => ({ value, label: `${value} and up` }))}
        value={filter.atLeast ?? null}
        onChange={(value) => onSet('atLeast', value)}
      />
      {filter.operation !== undefined && (
        <Button
          className={`${styles.operation}`}
          rightSection={<IconX size={13} />}
          aria-label={`Clear operation ${filter.operation}`}
          onClick={() => onSet('operation', null)}
        >
          operation <code>{filter.operation}</code>
        </Button>
      )}
    </>
  )
}

interface Group {
  readonly group: string
  readonly items: string[]
}

function groups(...named: readonly (readonly [string, readonly string[]])[]): Group[] {
  return named.filter(([, items]) => items.length > 0).map(([group, items]) => ({ group, items: [...items] }))
}

function TypedFilter({
  label,
  value = '',
  choices,
  onSet,
}: {
  readonly label: string
  readonly value: string | undefined
  readonly choices?: Group[]
  readonly onSet: (value: string | null) => void
}) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  const tell = useDebouncedCallback(onSet, pause)
  const type = (next: string) => {
    setText(next)
    if (next === '') {
      tell.cancel()
      onSet(null)
    } else tell(next)
  }
  const what = label.replace(/^(Any|Search) /, '')
  if (!choices) {
    return (
      <TextInput
        aria-label={label}
        placeholder={label}
        w={220}
        leftSection={<IconSearch size={14} />}
        rightSection={
          text !== '' && (
            <button
              type="button"
              className={styles.clear}
              aria-label={`Clear ${what}`}
              onClick={(event) => {
                backToField(event)
                type('')
              }}
            >
              <IconX size={13} />
            </button>
          )
        }
        value={text}
        onChange={(event) => type(event.currentTarget.value)}
      />
    )
  }
  return (
    <Autocomplete
      aria-label={label}
      placeholder={label}
      size="xs"
      w={190}
      data={choices}
      maxDropdownHeight={320}
      clearable
      clearButtonProps={clearCross(what)}
      value={text}
      onChange={type}
      onOptionSubmit={(next) => {
        tell.cancel()
        onSet(next)
      }}
    />
  )
}
