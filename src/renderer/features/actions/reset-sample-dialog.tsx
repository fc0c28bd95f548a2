import { tellDone, useAction } from '../../state/use-action.tsx'
import { useSite } from '../../state/use-shown.ts'
import { DecisionDialog } from './decision-dialog.tsx'

/** Puts the sample site back to how it came, after saying what that loses. */
export function ResetSampleDialog({ onClose }: { readonly onClose: () => void }) {
  const site = useSite()
  const { busy, run } = useAction()
  const act = async () => {
    const done = await run((calls) => calls.console.resetSample())
    if (!done) return
    tellDone('The sample site is as it came, and starting.')
    onClose()
  }
  return (
    <DecisionDialog
      title="Reset the sample site?"
      safe="Keep it as it is"
      act="Stop the sample and replace its folder"
      onAct={() => void act()}
      onClose={onClose}
      busy={busy}
    >
      <p>All services of the sample are stopped, its folder is replaced by a fresh copy, and they are started again.</p>
      {site && (
        <p>
          Replaced: <code>{site.directory}</code>
        </p>
      )}
      <p className="dim">
        Everything in that folder is lost, the site's history too. Its backups stay, in their own folder.
      </p>
    </DecisionDialog>
  )
}
