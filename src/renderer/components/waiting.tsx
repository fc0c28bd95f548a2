import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { usePage } from '../state/page-context.ts'
import styles from './waiting.module.css'

/** What the operator may do instead of waiting on. */
export interface WayOut {
  readonly label: string
  readonly act: () => void
}

/** Silent for two seconds, then says what is waited for, and after ten offers a way out. `what` is a full sentence. */
export function Waiting({ what, wayOut }: { readonly what: string; readonly wayOut?: WayOut }) {
  const { clock } = usePage()
  const [waited, setWaited] = useState<'short' | 'noticeable' | 'long'>('short')
  useEffect(() => {
    const noticeable = clock.after(2_000, () => setWaited('noticeable'))
    const long = clock.after(10_000, () => setWaited('long'))
    return () => {
      noticeable[Symbol.dispose]()
      long[Symbol.dispose]()
    }
  }, [clock])
  return (
    <div className={styles.waiting} role="status">
      {waited === 'short' ? <span className="unseen">{what}</span> : <span>{what}</span>}
      {waited === 'long' && wayOut && <Button onClick={wayOut.act}>{wayOut.label}</Button>}
    </div>
  )
}
