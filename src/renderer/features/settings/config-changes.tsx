import { Button } from '@mantine/core'
import { toConsoleError } from '#shared/client/index.ts'
import type { ConfigChangeView } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { Panel } from '../../components/panel.tsx'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { useActions } from '../actions/asking.ts'
import styles from './config-values.module.css'
import { valueWords } from './config-words.ts'
import type { useConfig } from './use-config.ts'

/** Values that differ, one line each. */
export function ConfigChanges({ changes }: { readonly changes: readonly ConfigChangeView[] }) {
  if (changes.length === 0) return <p className="dim">There is no difference.</p>
  return (
    <ul className={styles.changes} aria-label="Differences">
      {changes.map(({ path, what, before, after, hidden }) => (
        <li key={path}>
          <code>{path}</code> {what === 'added' && <>added: {valueWords({ value: after, hidden })}</>}
          {what === 'removed' && <>removed, was {valueWords({ value: before, hidden })}</>}
          {what === 'changed' && (
            <>
              {valueWords({ value: before, hidden })} → {valueWords({ value: after, hidden })}
            </>
          )}
        </li>
      ))}
    </ul>
  )
}

/** A change on disk that waits because it touches services: what differs, what it touches, and the button that applies it. */
export function PendingConfig({ query }: { readonly query: ReturnType<typeof useConfig>['plan'] }) {
  const { busy, run } = useAction()
  const { watch } = useActions()
  const plan = query.data
  const act = async () => {
    const answer = await run((calls) => calls.config.apply())
    if (!answer) return
    if (answer.job === null) tellDone('The configuration on disk is in use.')
    else watch(answer.job)
  }
  return (
    <Panel
      title="Changed on disk, not in use yet"
      aside={
        <Button size="compact-xs" disabled={busy || !plan?.touch} onClick={() => void act()}>
          {busy ? 'Applying…' : 'Apply'}
        </Button>
      }
      content={
        plan
          ? { state: 'ready' }
          : query.error
            ? { state: 'failed', problem: toConsoleError(query.error).problem, retry: () => void query.refetch() }
            : { state: 'loading', waitsFor: 'Comparing what is on disk with what is in use.' }
      }
    >
      {plan && (
        <>
          <p>
            <HealthMark health="degraded" label="" /> {plan.touch?.sentence ?? 'It cannot be used.'} A service that does
            not come up with it makes all of it be undone.
          </p>
          {plan.problems.map(({ place, message }) => (
            <p key={`${place} ${message}`}>
              <code>{place}</code> {message}
            </p>
          ))}
          <ConfigChanges changes={plan.changes} />
          <CommandLine command="wheelhouse config apply" />
        </>
      )}
    </Panel>
  )
}
