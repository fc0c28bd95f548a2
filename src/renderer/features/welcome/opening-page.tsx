import { SkeletonLines } from '../../components/panel.tsx'
import { Waiting } from '../../components/waiting.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { StartupSteps } from '../startup/startup-steps.tsx'
import styles from './welcome.module.css'

/** While the console opens or closes a site. */
export function OpeningPage({ phase }: { readonly phase: 'opening' | 'closing' }) {
  const startup = useEntity('startup', 'startup')
  return (
    <div className={styles.page}>
      <h1>{phase === 'opening' ? 'Opening the site' : 'Closing the site'}</h1>
      <p className={styles.lead}>
        {phase === 'opening'
          ? 'The lock is taken, the store is checked, and whatever was in flight when the console last ended is finished or undone.'
          : 'Services are stopped in reverse order, and everything is given back.'}
      </p>
      {startup ? <StartupSteps steps={startup.steps} /> : <SkeletonLines lines={5} />}
      <Waiting
        what={
          phase === 'opening'
            ? 'Waiting for the console to open the site. After a power cut the store is checked first, which can take a while.'
            : 'Waiting for the services to stop.'
        }
      />
    </div>
  )
}
