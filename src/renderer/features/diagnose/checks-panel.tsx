import { Button } from '@mantine/core'
import type { VerificationView, VerifiedCheck } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Panel, SkeletonLines } from '../../components/panel.tsx'
import { Age } from '../../components/time.tsx'
import { useAction } from '../../state/use-action.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { Why } from '../why/why.tsx'
import styles from './checks-panel.module.css'

const marks = { passed: 'healthy', failed: 'unhealthy', skipped: 'unknown', pending: 'unknown' } as const

/** The list of checks of the whole site: what each found, and a button that makes a round now. */
export function ChecksPanel() {
  const verification = useEntity('verification', 'verification')
  const { busy, run } = useAction()
  const isRunning = busy || (verification?.running ?? false)
  const check = () => void run((calls) => calls.verification.run())
  return (
    <Panel
      title="Checks of the site"
      flush
      aside={
        <Button size="compact-sm" onClick={check} disabled={isRunning}>
          {isRunning ? 'Checking…' : 'Check now'}
        </Button>
      }
      content={
        verification
          ? { state: 'ready' }
          : isRunning
            ? { state: 'loading', waitsFor: 'Checking the site.' }
            : {
                state: 'empty',
                sentence:
                  'The site is checked when it is started and every five minutes after: variables, files, templates, databases, APIs, routes, and what site.yaml adds.',
              }
      }
    >
      {verification ? <Checks verification={verification} /> : <SkeletonLines lines={7} />}
    </Panel>
  )
}

function Checks({ verification }: { readonly verification: VerificationView }) {
  const { sentence, at, checks } = verification
  return (
    <>
      <p className={styles.sum}>
        <b role="status">{sentence}</b>{' '}
        {at !== null && (
          <span className="dim">
            <Age at={at} />
          </span>
        )}
      </p>
      <ul className={styles.list}>
        {checks.map((check) => (
          <Check key={check.id} check={check} />
        ))}
      </ul>
      <div className={styles.command}>
        <CommandLine label="check" command="wheelhouse check" />
      </div>
    </>
  )
}

function Check({ check }: { readonly check: VerifiedCheck }) {
  const { id, title, state, sentence, faults, ms, own } = check
  return (
    <li data-state={state}>
      <HealthMark health={marks[state]} label={state} />
      <span className={styles.title}>
        {title}
        {own && <span className="dim"> site.yaml</span>}
      </span>
      <span className={styles.found}>
        {sentence} {state === 'failed' && <Why subject={`check:${id}`} about={title} />}
        {faults.length > 1 && (
          <ul>
            {faults.map((fault) => (
              <li key={fault}>{fault}</li>
            ))}
          </ul>
        )}
      </span>
      <span className="number dim">{state === 'skipped' || ms === null ? '' : duration(ms)}</span>
    </li>
  )
}
