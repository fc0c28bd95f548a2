import { Button, Select, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import { type ConfigSource, type ConfigValueView, configSourceSchema } from '#shared/contract/index.ts'
import { shellWord } from '#shared/shell-word.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { counted } from '../../components/figures.ts'
import { Panel } from '../../components/panel.tsx'
import table from '../../components/table.module.css'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { DecisionDialog } from '../actions/decision-dialog.tsx'
import styles from './config-values.module.css'
import { isFixed, matching, placeWords, sourceWords, valueWords } from './config-words.ts'
import type { useConfig } from './use-config.ts'

const chosenSources = configSourceSchema.options

/** More rows than a person reads; a word narrows them. */
const most = 150

/** The values in use, each with where it comes from; any can be set over the files, and taken back. */
export function ConfigValues({ query }: { readonly query: ReturnType<typeof useConfig>['values'] }) {
  const [words, setWords] = useState('')
  const [source, setSource] = useState<ConfigSource | null>(null)
  const [asked, setAsked] = useState<ConfigValueView | null>(null)
  const { busy, run } = useAction()
  const all = query.data?.values
  const found = useMemo(() => matching(all ?? [], words, source), [all, words, source])
  const shown = found.slice(0, most)
  const takeBack = async (path: string) => {
    if (await run((calls) => calls.config.unset({ path }))) tellDone(`What the files say of ${path} counts again.`)
  }
  const content = query.error
    ? ({ state: 'failed', problem: toConsoleError(query.error).problem, retry: () => void query.refetch() } as const)
    : all === undefined
      ? ({ state: 'loading', waitsFor: 'Asking for the values.' } as const)
      : found.length === 0
        ? ({ state: 'empty', sentence: 'No value has these words and comes from there.' } as const)
        : found.length > most
          ? ({
              state: 'too-much',
              sentence: `${most} of ${counted(found.length, 'value')} are shown. Type a word of those that you look for.`,
            } as const)
          : ({ state: 'ready' } as const)
  return (
    <Panel
      title="Values"
      flush
      aside={
        <>
          <span className="dim" role="status">
            {counted(found.length, 'value')}
          </span>
          <TextInput
            aria-label="Search values"
            placeholder="Path, value, source"
            leftSection={<IconSearch size={14} />}
            size="xs"
            w={190}
            value={words}
            onChange={(event) => setWords(event.currentTarget.value)}
          />
          <Select
            aria-label="Source"
            placeholder="Any source"
            clearable
            size="xs"
            w={130}
            data={chosenSources.map((value) => ({ value, label: sourceWords[value] }))}
            value={source}
            onChange={(value) => setSource(configSourceSchema.safeParse(value).data ?? null)}
          />
        </>
      }
      content={content}
    >
      <div className={styles.rows}>
        <table className={`${table.table} ${table.still}`} aria-label="Values">
          <thead>
            <tr>
              <th>Value</th>
              <th>Is</th>
              <th>From</th>
              <th aria-label="Actions" />
            </tr>
          </thead>
          <tbody>
            {shown.map((value) => (
              <tr key={value.path}>
                <td>
                  <code>{value.path}</code>
                </td>
                <td className={table.grow} title={valueWords(value)}>
                  {value.hidden ? <span className="dim">hidden</span> : valueWords(value)}
                </td>
                <td className={styles.from} title={value.file ?? undefined}>
                  {placeWords(value)}
                </td>
                <td className={table.right}>
                  {value.kind === 'override' ? (
                    <Button
                      size="compact-xs"
                      disabled={busy}
                      aria-label={`Take back ${value.path}`}
                      onClick={() => void takeBack(value.path)}
                    >
                      Take back
                    </Button>
                  ) : isFixed(value.path) ? null : (
                    <Button size="compact-xs" aria-label={`Set ${value.path}`} onClick={() => setAsked(value)}>
                      Set…
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {asked && <SetDialog value={asked} onClose={() => setAsked(null)} />}
    </Panel>
  )
}

function SetDialog({ value, onClose }: { readonly value: ConfigValueView; readonly onClose: () => void }) {
  const { busy, run } = useAction()
  const before = value.hidden ? '' : valueWords(value)
  const [text, setText] = useState(before)
  // A secret is not shown, here no more than in the list.
  const typed = value.hidden ? 'VALUE' : text === '' ? "''" : shellWord(text)
  const act = async () => {
    const answer = await run((calls) => calls.config.set({ path: value.path, value: text }))
    if (!answer) return
    tellDone(`${value.path} is set and in use.`)
    onClose()
  }
  return (
    <DecisionDialog
      title={`Set ${value.path}`}
      safe="Cancel"
      act="Set"
      onAct={() => void act()}
      onClose={onClose}
      busy={busy}
      ready={text !== before}
      destructive={false}
    >
      <p>
        Counts over what the files say, at once and for later starts, until it is taken back. No file is written. It is
        checked first; a service that runs keeps what it was started with until it is restarted.
      </p>
      <TextInput
        label={`Value, now from ${placeWords(value)}`}
        type={value.hidden ? 'password' : 'text'}
        autoComplete="off"
        value={text}
        data-autofocus
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          // Else the button that gets the focus back would be pressed by the same key.
          event.preventDefault()
          if (text !== before && !busy) void act()
        }}
      />
      <CommandLine command={`wheelhouse config set ${value.path} ${typed}`} />
    </DecisionDialog>
  )
}
