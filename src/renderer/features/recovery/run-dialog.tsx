import { useQuery } from '@tanstack/react-query'
import { toConsoleError } from '#shared/client/index.ts'
import type { RecoveryPreview } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { PanelBody, type PanelContent } from '../../components/panel.tsx'
import { usePage } from '../../state/page-context.ts'
import { useAction } from '../../state/use-action.tsx'
import { useActions } from '../actions/asking.ts'
import { DecisionDialog } from '../actions/decision-dialog.tsx'
import styles from './recovery.module.css'

/** Says what the next step of a policy will do, before it does. */
export function RunDialog({
  policy,
  subject,
  onClose,
}: {
  readonly policy: string
  readonly subject: string
  readonly onClose: () => void
}) {
  const { link } = usePage()
  const { watch } = useActions()
  const { busy, run } = useAction()
  const preview = useQuery({
    queryKey: ['recovery-preview', policy, subject],
    queryFn: () => link.calls.recovery.preview({ policy, subject }),
    gcTime: 0,
  })
  const perform = async () => {
    const started = await run((calls) => calls.recovery.run({ policy, subject }))
    if (!started) return
    watch(started.job)
    onClose()
  }
  const content: PanelContent = preview.isError
    ? { state: 'failed', problem: toConsoleError(preview.error).problem, retry: () => void preview.refetch() }
    : preview.data
      ? { state: 'ready' }
      : { state: 'loading', waitsFor: 'Finding out what this would touch.' }
  return (
    <DecisionDialog
      title="Run this step now"
      safe="Leave it as it is"
      act="Do this step"
      onAct={() => void perform()}
      onClose={onClose}
      busy={busy}
      ready={preview.data !== undefined}
    >
      <PanelBody content={content}>{preview.data && <Preview preview={preview.data} />}</PanelBody>
    </DecisionDialog>
  )
}

function Preview({ preview }: { readonly preview: RecoveryPreview }) {
  return (
    <>
      <p>{preview.sentence}</p>
      <ul className={styles.lines} aria-label="What it will do">
        {preview.lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {preview.services.length > 0 && (
        <p className="dim">It touches {preview.services.map(({ id }) => id).join(', ')}.</p>
      )}
      <CommandLine command={preview.commandLine} />
    </>
  )
}
