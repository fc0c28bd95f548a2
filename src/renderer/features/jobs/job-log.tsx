import { useState } from 'react'
import { LogView, type NumberedLine } from '../../components/log-view.tsx'
import { useStream } from '../../state/use-stream.ts'
import styles from './job-log.module.css'

/** The most lines that are kept on screen. */
const most = 5_000

/** A job's log from its beginning, followed. */
export function JobLog({ job }: { readonly job: string }) {
  const [lines, setLines] = useState<readonly NumberedLine[]>([])
  useStream(
    'jobs.log',
    { job },
    {
      onBegin: () => setLines([]),
      onBatch: (items) =>
        setLines((before) => {
          const from = (before.at(-1)?.n ?? 0) + 1
          return [...before, ...items.map((text, index) => ({ n: from + index, text, stream: 'out' as const }))].slice(
            -most,
          )
        }),
    },
  )
  return (
    <div className={styles.log}>
      <LogView lines={lines} name={`job ${job}`} />
    </div>
  )
}
