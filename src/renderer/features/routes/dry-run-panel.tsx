import { Button, Select } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { sizeOfPairs } from '#shared/brought.ts'
import { toConsoleError } from '#shared/client/index.ts'
import { type DryRunReport, dryRunBounds, recordedDryRunBounds, type StoredMessage } from '#shared/contract/index.ts'
import type { Problem } from '#shared/problem.ts'
import { count, counted } from '../../components/figures.ts'
import { Panel } from '../../components/panel.tsx'
import { Time } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { useSlice } from '../../state/use-shown.ts'
import { isWhole, storedOf } from '../messages/stored-of.ts'
import { useTap } from '../messages/use-tap.ts'
import styles from './dry-run-panel.module.css'
import { Outcome } from './route-outcome.tsx'

const results = ['passed', 'filtered', 'limited', 'merged', 'quarantined', 'not matched'] as const

/** Takes the messages that passed since the editor was opened through the route as it is and as it is written now. */
export function DryRunPanel({
  route,
  text,
  ready,
}: {
  readonly route: string
  readonly text: string
  /** Whether the text is known to be without a mistake. */
  readonly ready: boolean
}) {
  const { link } = usePage()
  const { tap } = useTap('#', '', null)
  const recordings = Object.values(useSlice('recordings')).toSorted((one, other) => other.startedAt - one.startedAt)
  const [recording, setRecording] = useState<string | null>(null)
  const [report, setReport] = useState<DryRunReport | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [running, setRunning] = useState(false)
  const usable = tap.messages.filter(isWhole)
  const run = async () => {
    setRunning(true)
    setProblem(null)
    try {
      const messages = newestWithin(usable.map(storedOf))
      setReport(
        await link.calls.routes.dryRun({ route, text, messages: recording === null ? messages : [], recording }),
      )
    } catch (error) {
      setReport(null)
      setProblem(toConsoleError(error).problem)
    } finally {
      setRunning(false)
    }
  }
  return (
    <Panel
      title="Dry run"
      aside={
        <span className={styles.ask}>
          {recordings.length > 0 && (
            <Select
              aria-label="Messages to try it on"
              value={recording ?? ''}
              allowDeselect={false}
              onChange={(value) => setRecording(value === '' ? null : value)}
              data={[
                { value: '', label: 'what passes now' },
                ...recordings.map(({ id, name }) => ({ value: id, label: `recording ${name}` })),
              ]}
            />
          )}
          <Button
            onClick={() => void run()}
            disabled={!ready || running || (recording === null && usable.length === 0)}
            loading={running}
          >
            {recording === null ? `Try on ${counted(usable.length, 'message')}` : 'Try on the recording'}
          </Button>
        </span>
      }
      content={
        problem
          ? { state: 'failed', problem }
          : report
            ? { state: 'ready' }
            : {
                state: 'empty',
                sentence:
                  recording !== null
                    ? `Takes the messages of the recording, the oldest ${count(recordedDryRunBounds.messages)} of them, through the route as it is and as it is written, and shows the difference. Nothing is delivered by it.`
                    : usable.length === 0
                      ? 'Waits for messages: those that pass from now on are kept here and can be taken through the route. Nothing is delivered by it.'
                      : 'Takes what has passed since this page was opened through the route as it is and as it is written, and shows the difference. Nothing is delivered by it.',
              }
      }
    >
      {report && <Report report={report} />}
    </Panel>
  )
}

function Report({ report }: { readonly report: DryRunReport }) {
  return (
    <>
      <table className={styles.counts} aria-label="What the route makes of the messages">
        <thead>
          <tr>
            <th>of {count(report.messages)}</th>
            {results.map((result) => (
              <th key={result}>{result}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(['before', 'after'] as const).map((which) => (
            <tr key={which}>
              <td>{which === 'before' ? 'as it is' : 'as written'}</td>
              {results.map((result) => (
                <td key={result}>{count(report[which][result] ?? 0)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        {report.changed === 0
          ? 'Each message would go on exactly as it does now.'
          : `${counted(report.changed, 'message')} would fare differently${report.differences.length < report.changed ? `; the first ${report.differences.length} are shown` : ''}.`}
      </p>
      <ul className={styles.differences} aria-label="Differences">
        {report.differences.map(({ n, message, before, after }) => (
          <li key={n}>
            <div className={styles.what}>
              <Time at={message.at} /> <code>{message.topic}</code>
            </div>
            <div className={styles.sides}>
              <Side title="as it is">
                <Outcome outcome={before} />
              </Side>
              <Side title="as written">
                <Outcome outcome={after} />
              </Side>
            </div>
          </li>
        ))}
      </ul>
    </>
  )
}

function Side({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className={styles.side}>
      <span className={styles.sideTitle}>{title}</span>
      {children}
    </div>
  )
}

/** The newest messages that one dry run takes, oldest first. Pure. */
export function newestWithin(messages: readonly StoredMessage[]): StoredMessage[] {
  const taken: StoredMessage[] = []
  let bytes = 0
  for (const message of messages.toReversed()) {
    bytes += message.payload.length + sizeOfPairs(message.properties?.user ?? [])
    if (taken.length >= dryRunBounds.messages || bytes > dryRunBounds.bytes) break
    taken.push(message)
  }
  return taken.reverse()
}
