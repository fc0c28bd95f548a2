import { ActionIcon, Button, TextInput, Tooltip } from '@mantine/core'
import { IconDownload, IconListTree, IconPlayerPause, IconPlayerPlay, IconSearch, IconTrash } from '@tabler/icons-react'
import { memo, useEffect, useState } from 'react'
import { ClientField } from './client-field.tsx'
import { RouteChoice } from './route-choice.tsx'
import { filterMistake } from './topic-filter.ts'

/** What is looked at, and what may be done with it. Apart from the list, which is drawn anew twenty times a second while messages come. */
export const LiveTools = memo(function LiveTools({
  filter,
  onFilter,
  text,
  onText,
  route,
  onRoute,
  client,
  onClient,
  paused,
  onPaused,
  tree,
  onTree,
  onClear,
  onExport,
}: {
  readonly filter: string
  readonly onFilter: (filter: string) => void
  readonly text: string
  readonly onText: (text: string) => void
  readonly route: string | null
  readonly onRoute: (route: string | null) => void
  readonly client: string
  readonly onClient: (client: string) => void
  readonly paused: boolean
  readonly onPaused: (paused: boolean) => void
  readonly tree: boolean
  readonly onTree: (tree: boolean) => void
  readonly onClear: () => void
  readonly onExport: () => void
}) {
  const [typed, setTyped] = useState(filter)
  const mistake = filterMistake(typed)
  useEffect(() => setTyped(filter), [filter])
  return (
    <>
      {!tree && (
        <Button leftSection={<IconListTree size={14} />} onClick={() => onTree(true)}>
          Topics
        </Button>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (mistake === null) onFilter(typed)
        }}
      >
        <TextInput
          aria-label="Topic filter"
          placeholder="Topic filter, # for all"
          w={230}
          classNames={{ input: 'mono' }}
          value={typed}
          error={mistake}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onBlur={() => {
            if (mistake === null && typed !== filter) onFilter(typed)
          }}
          spellCheck={false}
        />
      </form>
      <TextInput
        aria-label="Text in topic or payload"
        placeholder="Text in topic or payload"
        leftSection={<IconSearch size={14} />}
        w={210}
        value={text}
        onChange={(event) => onText(event.currentTarget.value)}
      />
      <RouteChoice value={route} onChange={onRoute} />
      <ClientField value={client} onChange={onClient} />
      <Button
        leftSection={paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
        aria-pressed={paused}
        onClick={() => onPaused(!paused)}
      >
        {paused ? 'Go on' : 'Pause'}
      </Button>
      <Tooltip label="Forget what is listed here">
        <ActionIcon aria-label="Clear the list" onClick={onClear}>
          <IconTrash size={16} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Save these messages as a file">
        <ActionIcon aria-label="Export messages" onClick={onExport}>
          <IconDownload size={16} />
        </ActionIcon>
      </Tooltip>
    </>
  )
})
