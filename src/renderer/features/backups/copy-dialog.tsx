import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { SnapshotView } from '#shared/contract/index.ts'
import { shownKey } from '#shared/path-key.ts'
import { shellWord } from '#shared/shell-word.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { usePage } from '../../state/page-context.ts'
import { useAction } from '../../state/use-action.tsx'
import { useActions } from '../actions/asking.ts'
import { DecisionDialog } from '../actions/decision-dialog.tsx'

/** Names on the command line that is shown. */
const mostWritten = 20

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
  const { link } = usePage()
  const suggested = useQuery({
    queryKey: ['copy-place', snapshot.id],
    queryFn: () => link.calls.backups.copies.suggest({ snapshot: snapshot.id }),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  const [typed, setPlace] = useState<string | null>(null)
  const place = typed ?? (kind === 'export' ? suggested.data?.file : suggested.data?.folder) ?? ''
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
  const written = (chosen ?? [])
    .slice(0, mostWritten)
    .map((path) => ` ${shellWord(shownKey(path))}`)
    .join('')
  const command =
    kind === 'export'
      ? `wheelhouse backups export ${snapshot.id} ${place === '' ? 'FILE' : shellWord(place)}${written}`
      : `wheelhouse restore ${snapshot.id}${written} --into ${place === '' ? 'FOLDER' : shellWord(place)}`
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
        is not touched. The place is on the console’s machine, outside the site and the backups. It appears under its
        name when it is whole.
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
