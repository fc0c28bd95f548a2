import { NumberInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { KeepRules, RetentionPreview } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { PanelBody } from '../../components/panel.tsx'
import table from '../../components/table.module.css'
import { Time } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { useEntity, useSlice } from '../../state/use-shown.ts'
import decision from '../actions/decision-dialog.module.css'
import { DecisionDialog } from '../actions/decision-dialog.tsx'
import styles from './keeping.module.css'
import { kindWords, ruleNames } from './snapshot-words.ts'

const names = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const

/** The rules of keeping: other numbers are tried on the snapshots there are, saved, or those in use applied now. */
export function RetentionDialog({
  onClose,
  onStarted,
}: {
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  const { link } = usePage()
  const { busy, run } = useAction()
  const inUse = useEntity('keeping', 'keeping')?.keep ?? null
  const [typed, setTyped] = useState<KeepRules | null>(null)
  const rules = typed ?? inUse
  const changed = rules !== null && inUse !== null && names.some((name) => rules[name] !== inUse[name])
  const [asked] = useDebouncedValue(rules, 250)
  const preview = useQuery({
    queryKey: ['retention-preview', asked],
    queryFn: () => link.calls.keeping.preview({ keep: asked }),
    placeholderData: keepPreviousData,
    gcTime: 0,
    staleTime: 0,
  })
  const going = preview.data?.remove.length ?? 0
  const settled = !preview.isFetching && asked === rules
  const act = async () => {
    if (changed) {
      if (!(await run((calls) => calls.keeping.save({ keep: rules })))) return
      tellDone('The rules are in site.yaml and in use. The next scheduled backup applies them.')
    } else {
      const remove = preview.data?.remove ?? null
      const started = await run((calls) => calls.keeping.apply({ remove }))
      if (!started) {
        void preview.refetch()
        return
      }
      onStarted(started.job)
    }
    onClose()
  }
  const words = changed
    ? 'Save these rules'
    : going > 0
      ? `Remove ${going === 1 ? '1 snapshot' : `${going} snapshots`} now`
      : null
  return (
    <DecisionDialog
      title="Which snapshots are kept"
      safe={changed || going > 0 ? 'Leave everything as it is' : 'Close'}
      act={preview.error ? null : words}
      onAct={() => void act()}
      onClose={onClose}
      busy={busy}
      ready={preview.data !== undefined && settled}
      destructive={!changed}
      wide
    >
      <p className="dim">
        The last ones, and the newest of each of so many periods that have one. A snapshot stays as long as one rule
        keeps it; full and data snapshots count apart.
      </p>
      {rules !== null && (
        <div className={styles.rules}>
          {names.map((name) => (
            <NumberInput
              key={name}
              label={ruleNames[name]}
              min={0}
              max={10_000}
              step={1}
              allowDecimal={false}
              allowNegative={false}
              clampBehavior="strict"
              value={rules[name]}
              onChange={(value) => setTyped({ ...rules, [name]: typeof value === 'number' ? value : 0 })}
            />
          ))}
        </div>
      )}
      <PanelBody
        content={
          preview.error
            ? { state: 'failed', problem: toConsoleError(preview.error).problem, retry: () => void preview.refetch() }
            : preview.isPending
              ? { state: 'loading', waitsFor: 'Trying the rules on the snapshots. Nothing is touched.' }
              : { state: 'ready' }
        }
      >
        {preview.data && <Preview preview={preview.data} />}
      </PanelBody>
      <p className={decision.undo}>
        {changed
          ? 'Saving changes backup.keep in site.yaml and removes nothing; the next scheduled backup applies the rules.'
          : 'A snapshot that was removed cannot be brought back. What only it needed is freed by a prune a day later.'}
      </p>
      <CommandLine
        command={
          rules && changed
            ? `wheelhouse backups retention --keep ${keepText(rules)} --save`
            : 'wheelhouse backups retention --apply'
        }
      />
    </DecisionDialog>
  )
}

function Preview({ preview }: { readonly preview: RetentionPreview }) {
  const snapshots = Object.values(useSlice('snapshots')).toSorted((a, b) => b.at - a.at)
  const goes = new Set(preview.remove)
  return (
    <>
      <p aria-live="polite">
        <strong>{preview.sentence}</strong>
      </p>
      <div className={styles.preview}>
        <table className={`${table.table} ${table.still}`} aria-label="What the rules make of each snapshot">
          <thead>
            <tr>
              <th>Taken</th>
              <th>Kind</th>
              <th className={table.grow}>Why it stays</th>
            </tr>
          </thead>
          <tbody>
            {snapshots.map(({ id, at, kind }) => (
              <tr key={id}>
                <td>
                  <Time at={at} />
                </td>
                <td>{kindWords[kind]}</td>
                <td className={table.grow}>
                  {goes.has(id) ? <strong>goes: no rule keeps it</strong> : (preview.reasons[id] ?? []).join('; ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

function keepText(rules: KeepRules): string {
  return names
    .filter((name) => rules[name] > 0)
    .map((name) => `${name}=${rules[name]}`)
    .join(',')
}
