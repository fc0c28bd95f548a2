import { useMemo } from 'react'
import type { PolicyView } from '#shared/contract/index.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Panel } from '../../components/panel.tsx'
import table from '../../components/table.module.css'
import { Age, Time } from '../../components/time.tsx'
import { useSlice } from '../../state/use-shown.ts'
import { Why } from '../why/why.tsx'
import { policyStateMark, policyStateWords, resultWords, subjectWords } from './policy-words.ts'
import styles from './recovery.module.css'

/** The policies, what each waits for, and what it is doing now. */
export function PoliciesPanel({
  selected,
  onSelect,
}: {
  readonly selected: string | undefined
  readonly onSelect: (policy: string) => void
}) {
  const slice = useSlice('recovery')
  const policies = useMemo(() => Object.values(slice), [slice])
  return (
    <Panel
      title="Policies"
      flush
      content={
        policies.length === 0
          ? { state: 'empty', sentence: 'No policies are in force: site.yaml is not in use yet.' }
          : { state: 'ready' }
      }
    >
      <table className={`${table.table} ${styles.policies}`} aria-label="Recovery policies">
        <thead>
          <tr>
            <th>State</th>
            <th>Policy</th>
            <th className={table.second}>When</th>
            <th>Does, step by step</th>
            <th className={table.third}>Last</th>
          </tr>
        </thead>
        <tbody>
          {policies.map((policy) => (
            <tr key={policy.id} aria-selected={policy.id === selected} onClick={() => onSelect(policy.id)}>
              <td>
                <HealthMark health={policyStateMark[policy.state]} label="" /> {policyStateWords[policy.state]}{' '}
                <Why subject={`policy:${policy.id}`} about={policy.title} />
                <Until policy={policy} />
              </td>
              <td>
                <button type="button" className={styles.name} onClick={() => onSelect(policy.id)}>
                  {policy.title}
                </button>
              </td>
              <td className={table.second}>{policy.when}</td>
              <td>{ladderOf(policy)}</td>
              <td className={table.third}>
                {policy.last === null ? (
                  <span className="dim">never</span>
                ) : (
                  <>
                    {subjectWords(policy.last.subject)}: {resultWords[policy.last.result]}{' '}
                    <span className="dim">
                      <Age at={policy.last.at} />
                    </span>
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}

function Until({ policy }: { readonly policy: PolicyView }) {
  const [first] = policy.subjects
  if (!first) return null
  return (
    <span className={`dim ${styles.until}`}>
      {subjectWords(first.subject)}
      {policy.subjects.length > 1 && ` and ${policy.subjects.length - 1} more`}
      {first.until !== null && (
        <>
          {' '}
          until <Time at={first.until} />
        </>
      )}
    </span>
  )
}

function ladderOf({ steps }: PolicyView): string {
  return steps.map(({ words }) => words).join(' → ')
}
