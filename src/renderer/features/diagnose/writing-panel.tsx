import type { ReactNode } from 'react'
import type { StoreView } from '#shared/contract/index.ts'
import { count, duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Panel } from '../../components/panel.tsx'
import { ShareBar } from '../../components/share-bar.tsx'
import { Age } from '../../components/time.tsx'
import styles from './writing-panel.module.css'

/** How recording goes: how long a commit takes, what waits, and what was not taken. */
export function WritingPanel({ store }: { readonly store: StoreView }) {
  return (
    <Panel
      title="Recording"
      aside={
        <span>
          as of <Age at={store.at} />, counts since the site was opened
        </span>
      }
    >
      <dl className={styles.figures}>
        <Figure name="Commit p50" title="Half of the last 1,000 commits took at most this.">
          {store.commits === 0 ? '–' : duration(store.commitP50)}
        </Figure>
        <Figure name="Commit p99" title="99 of 100 of the last 1,000 commits took at most this.">
          {store.commits === 0 ? '–' : duration(store.commitP99)}
        </Figure>
        <Figure name="Commits" title="Transactions that were made durable.">
          {count(store.commits)}
        </Figure>
        <Figure name="Waiting to be written" title="A full queue refuses, so that nothing is lost silently.">
          {count(store.queueDepth)} <span className="dim">of at most {count(store.queueBound)}</span>
          <ShareBar
            label={`${count(store.queueDepth)} of at most ${count(store.queueBound)} writes wait`}
            whole={store.queueBound}
            parts={[{ name: 'waiting', value: store.queueDepth }]}
          />
        </Figure>
        <Figure
          name="Refused"
          title="Writes that were not taken; whoever wrote was told."
          {...(store.refused > 0 && { warns: true })}
        >
          {count(store.refused)}
        </Figure>
        <Figure name="Dropped" title="Expendable ones, such as metrics, that were given up for others.">
          {count(store.dropped)}
        </Figure>
        <Figure name="Busy, tried again" title="Transactions tried again because another program held a lock.">
          {count(store.busyRetries)}
        </Figure>
      </dl>
    </Panel>
  )
}

function Figure({
  name,
  title,
  warns = false,
  children,
}: {
  readonly name: string
  readonly title: string
  readonly warns?: boolean
  readonly children: ReactNode
}) {
  return (
    <div title={title}>
      <dt>{name}</dt>
      <dd>
        {warns && <HealthMark health="degraded" label="warning" />} {children}
      </dd>
    </div>
  )
}
