import { Button, Menu } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import type { TargetView } from '#shared/contract/index.ts'
import { CopyButton } from '../../components/command-line.tsx'
import { bytes, counted } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Panel } from '../../components/panel.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { Age } from '../../components/time.tsx'
import { useAction } from '../../state/use-action.tsx'
import { useSelected, useSlice } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import styles from './targets-part.module.css'

/** Where the snapshots are kept besides the main place, and how far each copy is. Nothing where there is only the one. */
export function TargetsPart() {
  const slice = useSlice('targets')
  const main = slice.main
  const copies = Object.values(slice)
    .filter(({ id }) => id !== 'main')
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  if (!main || (copies.length === 0 && main.kind === 'folder')) return null
  return (
    <Panel title="Places" className={styles.part} flush>
      <ul className={styles.list}>
        {[main, ...copies].map((target) => (
          <Target key={target.id} target={target} />
        ))}
      </ul>
    </Panel>
  )
}

function Target({ target }: { readonly target: TargetView }) {
  const { run } = useAction()
  const { watch } = useActions()
  const busy = useSelected('jobs', (jobs) =>
    Object.values(jobs).some(({ state, kind }) => state === 'running' && /^(backup|restore)\./.test(kind)),
  )
  const isMain = target.id === 'main'
  const name = isMain ? 'Backups' : target.id
  return (
    <li className={styles.target}>
      <div className={styles.name}>
        <span className={styles.id}>{name}</span>
        <span className="dim">{kindWords[target.kind]}</span>
        {target.inUse && !isMain && <span className={styles.inUse}>shown below</span>}
      </div>
      <div className={styles.place}>
        <code title={target.place}>{target.place}</code> <CopyButton text={target.place} what="place" />
      </div>
      <div className={styles.state}>
        <HealthMark health={markOf(target)} label="" /> <State target={target} />
      </div>
      <div className={styles.tools}>
        {!isMain && (
          <Button
            size="compact-sm"
            disabled={busy || target.state === 'absent' || target.inUse}
            title={target.state === 'absent' ? (target.sentence ?? '') : `wheelhouse backups copy ${target.id}`}
            onClick={() =>
              void run((calls) => calls.targets.copy({ copy: target.id })).then((started) => {
                if (started) watch(started.job)
              })
            }
          >
            Copy now
          </Button>
        )}
        {!isMain && (
          <Menu position="bottom-end">
            <Menu.Target>
              <Button size="compact-sm" px={5} aria-label={`More for ${name}`} disabled={busy}>
                <IconDots size={14} />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item
                disabled={!target.inUse && target.state !== 'ready'}
                onClick={() => void run((calls) => calls.targets.use({ copy: target.inUse ? null : target.id }))}
              >
                {target.inUse ? 'Go back to the backups themselves' : 'Show and restore the snapshots of this copy'}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </div>
      {target.sentence !== null && (
        <p className={styles.said}>
          <Sentence text={target.sentence} /> {target.remedy !== null && <Sentence text={target.remedy} />}
        </p>
      )}
      {target.inUse && !isMain && (
        <p className={styles.said}>
          The snapshots below are those of this copy, and no backups are taken until you go back.{' '}
          <Button size="compact-xs" onClick={() => void run((calls) => calls.targets.use({ copy: null }))}>
            Go back to the backups themselves
          </Button>
        </p>
      )}
    </li>
  )
}

const kindWords = { folder: 'folder', usb: 'drive', s3: 'S3 storage' } as const

function markOf({ state, behind }: TargetView): 'healthy' | 'degraded' | 'unhealthy' | 'unknown' {
  if (state === 'problem') return 'unhealthy'
  if (state === 'absent' || state === 'empty') return 'unknown'
  return behind !== null && behind > 0 ? 'degraded' : 'healthy'
}

function State({ target: { id, state, snapshots, behind, lastAt, freeBytes, weak } }: { readonly target: TargetView }) {
  const words = { ready: '', empty: 'nothing there yet', absent: 'not plugged in', problem: 'cannot be used' }[state]
  const last =
    lastAt === null ? null : (
      <>
        {id === 'main' ? 'last ' : 'copied '}
        <Age at={lastAt} />
      </>
    )
  const parts = [
    words === '' ? null : words,
    snapshots === null ? null : counted(snapshots, 'snapshot'),
    behind === null || id === 'main' ? null : behind === 0 ? 'up to date' : `${counted(behind, 'snapshot')} behind`,
    last,
    freeBytes === null ? null : `${bytes(freeBytes)} free`,
    weak ? 'writes may be lost in a power cut' : null,
  ].filter((part) => part !== null)
  return (
    <span>
      {parts.map((part, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts keep their order and hold no state.
        <span key={at}>
          {at > 0 && <span className="dim"> · </span>}
          {part}
        </span>
      ))}
    </span>
  )
}
