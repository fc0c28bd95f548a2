import { HealthMark } from '../../components/health-mark.tsx'
import { Age } from '../../components/time.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { Why } from '../why/why.tsx'
import { markOfLight } from './rehearsal-words.ts'
import styles from './rehearsals.module.css'

/** The light of the backups: green only for a snapshot that came up when it was rehearsed, with the ages of both. */
export function ProofLight() {
  const view = useEntity('rehearsals', 'rehearsals')
  if (!view) return null
  const { light, sentence, proven } = view
  return (
    <p className={styles.light} data-light={light}>
      <HealthMark health={markOfLight(light)} label={lightNames[light]} size={14} />
      <span>
        {sentence}{' '}
        {proven && (
          <span className="dim">
            {light === 'proven' ? 'Snapshot of' : 'Proven last: snapshot of'} <Age at={proven.snapshotAt} />, rehearsed{' '}
            <Age at={proven.at} />.{' '}
          </span>
        )}
        <Why subject="rehearsals" />
      </span>
    </p>
  )
}

const lightNames = {
  proven: 'proven',
  verified: 'not proven',
  failed: 'failed',
  none: 'nothing to prove',
} as const
