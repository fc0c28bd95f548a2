import { SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { LogSearchPanel } from './log-search.tsx'
import styles from './log-tab.module.css'
import { ServiceLog } from './service-log.tsx'

/** What a service writes: followed, or searched through all that is kept. */
export function LogTab({ service }: { readonly service: string }) {
  const [way, setWay] = useState('follow')
  return (
    <div className={styles.tab}>
      <SegmentedControl
        size="xs"
        aria-label="Log"
        value={way}
        onChange={setWay}
        data={[
          { value: 'follow', label: 'Follow' },
          { value: 'search', label: 'Search all files' },
        ]}
      />
      {way === 'search' ? <LogSearchPanel service={service} /> : <ServiceLog service={service} />}
    </div>
  )
}
