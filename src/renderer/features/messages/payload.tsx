import { SegmentedControl } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { ShownMessage } from '#shared/contract/index.ts'
import { CopyButton } from '../../components/command-line.tsx'
import { count } from '../../components/figures.ts'
import { Time } from '../../components/time.tsx'
import { jsonDifference } from './json-difference.ts'
import styles from './payload.module.css'
import { hexDump, prettyJson } from './payload-views.ts'

/** Characters that one view shows at most: the browser would lay out more for seconds. Copying takes all of it. */
const mostShown = 256 * 1024

type View = 'json' | 'difference' | 'text' | 'hex'

/** A payload in the view that suits it, with the others one key away. */
export function Payload({
  payload,
  encoding,
  previous = null,
}: {
  readonly payload: string
  readonly encoding: 'utf8' | 'hex'
  /** The message before it on the same topic, to tell what changed. */
  readonly previous?: Pick<ShownMessage, 'payload' | 'at'> | null
}) {
  const json = useMemo(() => (encoding === 'utf8' ? prettyJson(payload) : null), [payload, encoding])
  const difference = useMemo(
    () => (json !== null && previous ? jsonDifference(previous.payload, payload) : null),
    [json, previous, payload],
  )
  const [chosen, setChosen] = useState<View | null>(null)
  const fitting = json !== null ? 'json' : encoding === 'hex' ? 'hex' : 'text'
  const possible: Readonly<Record<View, boolean>> = {
    json: json !== null,
    difference: difference !== null,
    text: encoding === 'utf8',
    hex: true,
  }
  const view = chosen !== null && possible[chosen] ? chosen : fitting
  return (
    <>
      <div className={styles.views}>
        <SegmentedControl
          aria-label="Show the payload as"
          value={view}
          onChange={(value) => setChosen(viewOf(value))}
          data={[
            { value: 'json', label: 'JSON', disabled: !possible.json },
            { value: 'difference', label: 'Changes', disabled: !possible.difference },
            { value: 'text', label: 'Text', disabled: !possible.text },
            { value: 'hex', label: 'Hex' },
          ]}
        />
        <CopyButton text={payload} what="payload" />
      </div>
      {view === 'difference' && difference && previous ? (
        <Changes difference={difference} since={previous.at} />
      ) : (
        <Shown text={view === 'json' && json !== null ? json : view === 'hex' ? hexDump(payload, encoding) : payload} />
      )}
    </>
  )
}

function Shown({ text }: { readonly text: string }) {
  const cut = text.length > mostShown
  return (
    <>
      <pre className={styles.payload}>{text === '' ? '(empty)' : cut ? text.slice(0, mostShown) : text}</pre>
      {cut && (
        <p className="dim">
          The first {count(mostShown)} of {count(text.length)} characters are shown; the copy button takes all of it.
        </p>
      )}
    </>
  )
}

function Changes({
  difference: { differences, more },
  since,
}: {
  readonly difference: NonNullable<ReturnType<typeof jsonDifference>>
  readonly since: number
}) {
  return (
    <>
      <p className="dim">
        {differences.length === 0 ? 'Nothing changed' : 'What changed'} since the message before on this topic, at{' '}
        <Time at={since} precise />.
      </p>
      {differences.length > 0 && (
        <table className={styles.changes} aria-label="Changes since the message before">
          <thead>
            <tr>
              <th>Where</th>
              <th>Before</th>
              <th>Now</th>
            </tr>
          </thead>
          <tbody>
            {differences.map(({ path, before, after }) => (
              <tr key={path}>
                <td>
                  <code>{path === '' ? 'the whole payload' : path}</code>
                </td>
                <td>{before === null ? <span className="dim">not there</span> : <del>{shortened(before)}</del>}</td>
                <td>{after === null ? <span className="dim">gone</span> : <ins>{shortened(after)}</ins>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {more > 0 && <p className="dim">{count(more)} more places differ.</p>}
    </>
  )
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

function viewOf(value: string): View {
  return value === 'json' || value === 'difference' || value === 'hex' ? value : 'text'
}
