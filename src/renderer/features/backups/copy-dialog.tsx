import { TextInput } from '@mantine/core'
import { useState } from 'react'
import type { SnapshotView } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { useAction } from '../../state/use-action.tsx'
import { useSite } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import { DecisionDialog } from '../actions/decision-dialog.tsx'

export type CopyKind = 'export' | 'into'

/** Writes a snapshot, or what is ticked of it, somewhere else on the console's machine. The site is not touched. */
export function CopyDialog({
  kind,
  snapshot,
  paths,
  onClose,
}: {
  readonly kind: CopyKind
  readonly snapshot: SnapshotView
  readonly paths: readonly string[] | null
  readonly onClose: () => void
}) {
  const { watch } = useActions()
  const { busy, run } = useAction()
  const site = useSite()
  const day = new Date(snapshot.at).toISOString().slice(0, 10)
  const [place, setPlace] = useState(kind === 'export' ? `/tmp/${site?.id ?? 'site'}-${day}.tar.gz` : '')
  const absolute = /^(\/|[A-Za-z]:\\)/.test(place)
  const chosen = paths && [...paths]
  const act = async () => {
    const started = await run((calls) =>
      kind === 'export'
        ? calls.backups.copies.export({ snapshot: snapshot.id, paths: chosen, file: place })
        : calls.backups.copies.into({ snapshot: snapshot.id, paths: chosen, folder: place }),
    )
    if (!started) return
    watch(started.job)
    onClose()
  }
  const command =
    kind === 'export'
      ? `wheelhouse backups export ${snapshot.id} FILE`
      : `wheelhouse restore ${snapshot.id} --into FOLDER`
  return (
    <DecisionDialog
      title={kind === 'export' ? 'Export as .tar.gz' : 'Restore into another folder'}
      safe="Cancel"
      act={kind === 'export' ? 'Export' : 'Write'}
      onAct={() => void act()}
      onClose={onClose}
      busy={busy}
      ready={absolute}
      destructive={false}
    >
      <p>
        {chosen === null ? 'Everything in the snapshot' : 'What is ticked'} is written{' '}
        {kind === 'export' ? 'into one file' : 'into a folder, which is made or must be empty, and read back'}. The site
        is not touched. The place is on the console’s machine, outside the site and the backups.
      </p>
      <TextInput
        label={kind === 'export' ? 'File' : 'Folder'}
        value={place}
        data-autofocus
        error={place === '' || absolute ? undefined : 'Write the whole path.'}
        onChange={(event) => setPlace(event.currentTarget.value)}
      />
      <CommandLine command={command} />
    </DecisionDialog>
  )
}
