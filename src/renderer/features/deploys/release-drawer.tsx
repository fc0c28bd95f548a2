import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { toConsoleError } from '#shared/client/index.ts'
import type { ReleaseDifferenceView, ReleaseView } from '#shared/contract/index.ts'
import { sourceInWords } from '#shared/release-words.ts'
import { CommandLine, CopyButton } from '../../components/command-line.tsx'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { bytes, count } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { Age, Time } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { useAction } from '../../state/use-action.tsx'
import { useActions } from '../actions/asking.ts'
import { DecisionDialog } from '../actions/decision-dialog.tsx'
import { stateWords, verdictWords } from './deploy-words.ts'
import styles from './deploys.module.css'
import { NoteDialog } from './note-dialog.tsx'

/** One release: where it came from, how it differs from the active one, and what may be done with it. */
export function ReleaseDrawer({
  id,
  release,
  active,
  onClose,
  onDeploy,
  onRollBack,
}: {
  readonly id: string
  readonly release: ReleaseView | undefined
  readonly active: string | undefined
  readonly onClose: () => void
  readonly onDeploy: () => void
  readonly onRollBack: () => void
}) {
  const { busy, run } = useAction()
  const { watch } = useActions()
  const [comparing, setComparing] = useState(false)
  const [removing, setRemoving] = useState(false)
  const [noting, setNoting] = useState(false)
  if (!release) {
    return (
      <Drawer title="Release" label="Release" onClose={onClose}>
        <p>
          There is no release <code>{id}</code>.
        </p>
      </Drawer>
    )
  }
  const there = release.state !== 'gone'
  const bad = release.verdict?.verdict === 'bad'
  // One that was active before is gone back to; one that never was is deployed.
  const before = release.activeSince !== null
  const start = async (what: 'verify' | 'remove') => {
    const started = await run((calls) => calls.releases[what]({ release: id }))
    if (started) watch(started.job)
    setRemoving(false)
  }
  return (
    <Drawer title={release.version ? `${id}, ${release.version}` : id} label={`Release ${id}`} onClose={onClose}>
      {bad && (
        <p role="alert" className={styles.long}>
          <HealthMark health="unhealthy" label="bad" /> It was found bad: {release.verdict?.why} It is never chosen
          again.
        </p>
      )}
      <div className={styles.actions}>
        {there && release.state !== 'active' && !bad && (
          <Button variant="filled" onClick={before ? onRollBack : onDeploy}>
            {before ? 'Roll back to it…' : 'Deploy…'}
          </Button>
        )}
        <Button disabled={busy || !there} onClick={() => void start('verify')}>
          Check files
        </Button>
        <Button
          disabled={busy || !there}
          onClick={() => void run((calls) => calls.releases.pin({ release: id, pinned: !release.pinned }))}
        >
          {release.pinned ? 'Unpin' : 'Pin'}
        </Button>
        {bad && (
          <Button
            disabled={busy}
            title="It may be deployed and gone back to again."
            onClick={() => void run((calls) => calls.releases.unmark({ release: id }))}
          >
            It is not bad
          </Button>
        )}
        <Button
          disabled={busy || !there || release.held !== null}
          title={release.held === null ? undefined : `It stays: ${release.held}.`}
          onClick={() => setRemoving(true)}
        >
          Remove…
        </Button>
      </div>
      <DrawerPart title="What it is">
        <Facts
          facts={[
            [
              'state',
              `${stateWords[release.state]}${verdictWords(release) === '' ? '' : `, ${verdictWords(release)}`}`,
            ],
            ['from', sourceInWords(release)],
            [
              'proof',
              release.proof === 'manifest'
                ? 'its manifest of hashes was true'
                : release.proof === 'computed'
                  ? 'none came with it; the console hashed what it got'
                  : 'none',
            ],
            ['brought', <Time key="at" at={release.at} />],
            ...(release.activeSince === null
              ? []
              : [['active since', <Age key="active" at={release.activeSince} />] as const]),
            ...(release.files === null ? [] : [['files', count(release.files)] as const]),
            ...(release.bytes === null ? [] : [['size', bytes(release.bytes)] as const]),
            ...(release.verified ? [['checked', release.verified.sentence] as const] : []),
            ...(release.schema ? [['layout of data', release.schema] as const] : []),
            ...(release.held === null ? [] : [['cannot be removed', `${release.held}`] as const]),
            [
              'note',
              <span key="note" className={styles.note}>
                {release.note === '' ? <span className="dim">none</span> : release.note}{' '}
                <Button size="compact-xs" disabled={busy} aria-label="Edit the note" onClick={() => setNoting(true)}>
                  Edit…
                </Button>
              </span>,
            ],
            ...(release.restorePoint
              ? [
                  [
                    'restore point',
                    <Link key="point" to={`/backups/${release.restorePoint}`}>
                      before it was switched to
                    </Link>,
                  ] as const,
                ]
              : []),
            [
              'folder',
              <span key="folder">
                <code>{release.folder}</code> <CopyButton text={release.folder} what="folder" />
              </span>,
            ],
          ]}
        />
      </DrawerPart>
      {there && active !== undefined && active !== id && (
        <DrawerPart title="Compared with the active one">
          {comparing ? (
            <Difference from={active} to={id} />
          ) : (
            <Button onClick={() => setComparing(true)}>Show what differs</Button>
          )}
        </DrawerPart>
      )}
      <DrawerPart title="On the command line">
        {before && release.state !== 'active' && (
          <CommandLine label="roll back" command={`wheelhouse rollback ${id}`} />
        )}
        <CommandLine label="check" command={`wheelhouse releases verify ${id}`} />
        <CommandLine label="compare" command={`wheelhouse releases diff ${id}`} />
        <CommandLine label="pin" command={`wheelhouse releases ${release.pinned ? 'unpin' : 'pin'} ${id}`} />
        <CommandLine label="remove" command={`wheelhouse releases remove ${id}`} />
      </DrawerPart>
      {noting && <NoteDialog id={id} note={release.note} onClose={() => setNoting(false)} />}
      {removing && (
        <DecisionDialog
          title={`Remove ${id}?`}
          safe="Keep it"
          act={`Remove ${id}`}
          onAct={() => void start('remove')}
          onClose={() => setRemoving(false)}
          busy={busy}
        >
          <p>
            Its files are removed; nothing can go back to it then. It can be brought again from its source:{' '}
            {sourceInWords(release)}.
          </p>
          <CommandLine command={`wheelhouse releases remove ${id}`} />
        </DecisionDialog>
      )}
    </Drawer>
  )
}

function Difference({ from, to }: { readonly from: string; readonly to: string }) {
  const { link } = usePage()
  const asked = useQuery({
    queryKey: ['release-difference', from, to],
    queryFn: () => link.calls.releases.difference({ from, to }),
    gcTime: 0,
  })
  return (
    <PanelBody
      content={
        asked.error
          ? { state: 'failed', problem: toConsoleError(asked.error).problem, retry: () => void asked.refetch() }
          : asked.isPending
            ? { state: 'loading', waitsFor: 'Comparing the files.' }
            : { state: 'ready' }
      }
    >
      {asked.data && <DifferenceView difference={asked.data} />}
    </PanelBody>
  )
}

function DifferenceView({ difference }: { readonly difference: ReleaseDifferenceView }) {
  const { added, changed, removed, hidden, sentence } = difference
  const lines = [
    ...added.map(({ path, bytes: size }) => `+ ${path} (${bytes(size)})`),
    ...changed.map(({ path, bytes: size, before }) => `~ ${path} (${bytes(before)} → ${bytes(size)})`),
    ...removed.map(({ path }) => `- ${path}`),
  ]
  return (
    <>
      <p>{sentence}</p>
      {lines.length > 0 && (
        <section className={styles.files} aria-label="Files that differ">
          {lines.join('\n')}
        </section>
      )}
      {hidden > 0 && <p className="dim">{count(hidden)} more are not listed.</p>}
    </>
  )
}
