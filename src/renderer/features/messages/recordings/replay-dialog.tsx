import { Button, NumberInput, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { Pace, RecordingView } from '#shared/contract/index.ts'
import { CommandLine } from '../../../components/command-line.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { count, duration } from '../../../components/figures.ts'
import { usePage } from '../../../state/page-context.ts'
import { tellDone, useAction } from '../../../state/use-action.tsx'
import { useSlice } from '../../../state/use-shown.ts'
import { filterMistake } from '../topic-filter.ts'
import styles from './recordings.module.css'

/** Shows which topics a replay publishes to and what follows from it, before it begins. */
export function ReplayDialog({
  recording,
  onClose,
}: {
  readonly recording: RecordingView
  readonly onClose: () => void
}) {
  const { link } = usePage()
  const { busy, run } = useAction()
  const [kind, setKind] = useState<'scaled' | 'rate'>('scaled')
  const [factor, setFactor] = useState<number | string>(1)
  const [rate, setRate] = useState<number | string>(100)
  const [filter, setFilter] = useState('#')
  const [prefix, setPrefix] = useState('replay')
  const [broker, setBroker] = useState<string | null>(null)
  const brokers = (useSlice('traffic').traffic?.links ?? []).map((one) => one.broker)
  const pace: Pace | null =
    kind === 'scaled'
      ? typeof factor === 'number' && factor >= 0.01
        ? { kind, factor }
        : null
      : typeof rate === 'number' && rate >= 1
        ? { kind, perSecond: Math.round(rate) }
        : null
  const mistake = filterMistake(filter)
  const request =
    pace && mistake === null
      ? { recording: recording.id, filter, prefix, pace, ...(broker !== null && { broker }) }
      : null
  const [settled] = useDebouncedValue(JSON.stringify(request), 300)
  const plan = useQuery({
    queryKey: ['replay-plan', settled],
    queryFn: () => (request ? link.calls.recordings.replayPlan(request) : null),
    staleTime: 0,
  })
  const begin = async () => {
    if (!request || !(await run((calls) => calls.recordings.replay(request)))) return
    tellDone(`${recording.name} is being replayed: see its job.`)
    onClose()
  }
  const upToDate = settled === JSON.stringify(request) && !plan.isFetching
  const ready = upToDate && plan.data && plan.data.refusal === null
  return (
    <Dialog title={`Replay ${recording.name}`} size={600} onClose={onClose}>
      <div className={styles.form}>
        <SegmentedControl
          aria-label="Pace"
          value={kind}
          onChange={(value) => setKind(value === 'rate' ? 'rate' : 'scaled')}
          data={[
            { value: 'scaled', label: 'As they came' },
            { value: 'rate', label: 'So many a second' },
          ]}
        />
        {kind === 'scaled' ? (
          <NumberInput
            label="Times as fast"
            min={0.01}
            max={1_000}
            value={factor}
            onChange={setFactor}
            description="1 is the pace at which they came; silences of more than a minute are cut to one."
          />
        ) : (
          <NumberInput label="Messages a second" min={1} max={10_000} value={rate} onChange={setRate} />
        )}
        <TextInput
          label="Put before every topic"
          classNames={{ input: 'mono' }}
          description="Empty: the very topics that they came from."
          value={prefix}
          onChange={(event) => setPrefix(event.currentTarget.value)}
          spellCheck={false}
        />
        <TextInput
          label="Only messages on"
          classNames={{ input: 'mono' }}
          value={filter}
          error={mistake}
          onChange={(event) => setFilter(event.currentTarget.value)}
          spellCheck={false}
        />
        {brokers.length > 1 && (
          <Select
            label="To the broker"
            value={broker ?? ''}
            allowDeselect={false}
            onChange={(value) => setBroker(value === '' ? null : value)}
            data={[
              { value: '', label: 'that each message came from' },
              ...brokers.map((one) => ({ value: one, label: one })),
            ]}
          />
        )}
        {plan.error ? (
          <p role="alert">{toConsoleError(plan.error).problem.message}</p>
        ) : plan.data ? (
          <section aria-label="What it will do">
            <p>
              {plan.data.sentence} It takes about {duration(plan.data.lastsMs)}.
            </p>
            <ul className={styles.topics} aria-label="Topics that it publishes to">
              {plan.data.topics.map(({ topic, messages }) => (
                <li key={topic}>
                  <code>{topic}</code> <span className="dim">{count(messages)}</span>
                </li>
              ))}
              {plan.data.moreTopics > 0 && <li className="dim">{count(plan.data.moreTopics)} more topics</li>}
            </ul>
            {plan.data.warnings.map((warning) => (
              <p key={warning}>{warning}</p>
            ))}
            {plan.data.refusal !== null && <p role="alert">{plan.data.refusal}</p>}
            <CommandLine command={plan.data.commandLine} />
          </section>
        ) : (
          <p className="dim">Looking through the recording.</p>
        )}
      </div>
      <div className={styles.buttons}>
        <Button size="sm" data-autofocus onClick={onClose}>
          Cancel
        </Button>
        <Button size="sm" variant="filled" disabled={busy || !ready} onClick={() => void begin()}>
          {plan.data ? `Publish ${count(plan.data.messages)} messages` : 'Publish'}
        </Button>
      </div>
    </Dialog>
  )
}
