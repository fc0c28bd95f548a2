import { Button } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { Link, useLocation } from 'react-router'
import type { StoreView } from '#shared/contract/index.ts'
import { HealthMark } from '../components/health-mark.tsx'
import { Age } from '../components/time.tsx'
import { useActions } from '../features/actions/asking.ts'
import {
  comesBack,
  type StoreState,
  standInOf,
  storeStateMark,
  storeStateWords,
  storeTrouble,
  troubleOver,
} from '../features/diagnose/store-words.ts'
import { tellDone } from '../state/use-action.tsx'
import { useEntity } from '../state/use-shown.ts'
import styles from './store-banner.module.css'

/** Says on every page that the console does not simply record, why, and what helps; and once that it does again. */
export function StoreBanner() {
  const store = useEntity('store', 'store')
  useToldWhenOver(store?.state)
  const trouble = store && storeTrouble(store.state, store.note, comesBack(store))
  return (
    <>
      {/* Without the age, which would be read out again each second. */}
      <div role="status" className="unseen">
        {trouble && [trouble.lead, trouble.note, trouble.meaning].join(' ')}
      </div>
      {store && trouble && (
        <section className={styles.banner} data-state={store.state} aria-label="State of the store">
          <HealthMark health={storeStateMark[store.state]} label={storeStateWords[store.state]} size={14} />
          <p>
            <strong>{trouble.lead}</strong> {trouble.note} <span className="dim">{trouble.meaning}</span>{' '}
            <span className={styles.since}>
              Since <Age at={store.since} plain />.
            </span>
          </p>
          <Help store={store} />
        </section>
      )}
    </>
  )
}

/** The one press that helps. */
function Help({ store }: { readonly store: StoreView }) {
  const { ask } = useActions()
  const { pathname } = useLocation()
  if (store.state === 'stand-in') {
    const label = comesBack(store) ? 'Try again…' : 'Recover…'
    return <Button onClick={() => ask({ type: 'recover-store', database: standInOf(store) })}>{label}</Button>
  }
  if (pathname.startsWith('/diagnose')) return null
  return (
    <Button component={Link} to="/diagnose">
      Look at the store
    </Button>
  )
}

function useToldWhenOver(state: StoreState | undefined): void {
  const before = useRef<StoreState>(undefined)
  useEffect(() => {
    const last = before.current
    before.current = state
    if (state === 'open' && last !== undefined && last !== 'open') tellDone(troubleOver(last))
  }, [state])
}
