import { useQuery } from '@tanstack/react-query'
import { toConsoleError } from '#shared/client/index.ts'
import type { RestorePlan } from '#shared/contract/index.ts'
import { usePage } from '../../state/page-context.ts'
import styles from './restore-dialog.module.css'

/** "What will I lose?": counted while the plan is read; it keeps nobody from going on. */
export function LossesPart({ plan }: { readonly plan: RestorePlan }) {
  const { link } = usePage()
  const { snapshot, paths, fingerprint } = plan
  const losses = useQuery({
    queryKey: ['restore-losses', snapshot, fingerprint, paths],
    queryFn: ({ signal }) => link.calls.backups.losses({ snapshot, paths }, { signal }),
    enabled: plan.add + plan.change + plan.delete > 0,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  if (plan.add + plan.change + plan.delete === 0) return null
  return (
    <section className={styles.losses} aria-label="What will I lose?">
      <h3>What will I lose?</h3>
      {losses.isPending && <p className="dim">Counting rows of the databases…</p>}
      {losses.error && <p className="dim">It could not be counted: {toConsoleError(losses.error).message}</p>}
      {losses.data && (
        <ul>
          {losses.data.sentences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
    </section>
  )
}
