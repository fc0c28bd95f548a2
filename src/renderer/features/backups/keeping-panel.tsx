import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { KeepingView } from '#shared/contract/index.ts'
import { bytes, count, counted } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Panel, PanelBody } from '../../components/panel.tsx'
import { Sparkline } from '../../components/sparkline.tsx'
import { Time } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { useNow } from '../../state/use-link.ts'
import { useEntity, useSelected, useSlice } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import { useFix } from '../actions/use-fix.ts'
import styles from './keeping.module.css'
import { ruleNames } from './snapshot-words.ts'

/** When backups are taken, which are kept, and how long the space lasts. */
export function KeepingPanel({ busy }: { readonly busy: boolean }) {
  const keeping = useEntity('keeping', 'keeping')
  if (!keeping) return null
  return (
    <div className={styles.panels}>
      <SchedulePanel keeping={keeping} />
      <RulesPanel keeping={keeping} busy={busy} />
      <SpacePanel keeping={keeping} busy={busy} />
    </div>
  )
}

/** The cards about backups, where their buttons are at hand. */
export function KeepingCards() {
  const fix = useFix()
  const { ask } = useActions()
  const madeAt = useEntity('backups', 'backups')?.encryption.kit.madeAt ?? null
  const cards = Object.values(useSlice('attention'))
    .filter(({ id, dismissed }) => id.startsWith('backup-') && id !== 'backup-shares-disk' && !dismissed)
    .toSorted((a, b) => a.since - b.since)
  if (cards.length === 0) return null
  return (
    <ul className={styles.cards} aria-label="What is wrong with the backups">
      {cards.map((card) => (
        <li key={card.id} className={styles.card} data-severity={card.severity}>
          <HealthMark
            health={card.severity === 'error' || card.severity === 'critical' ? 'unhealthy' : 'degraded'}
            label={card.severity}
          />
          <p>
            <strong>{card.title}.</strong> {card.why}
          </p>
          {card.id === 'backup-kit' && (
            <Button size="xs" onClick={() => ask({ type: 'backup-key', what: madeAt === null ? 'kit' : 'prove' })}>
              {madeAt === null ? 'Make the kit…' : 'Prove the kit…'}
            </Button>
          )}
          {card.id === 'backup-locked' && (
            <Button size="xs" variant="filled" onClick={() => ask({ type: 'backup-key', what: 'unlock' })}>
              Unlock…
            </Button>
          )}
          {card.fixes
            .filter(({ action }) => action.type !== 'go-to' || action.page !== '/backups')
            .map((each) => (
              <Button key={each.label} size="xs" onClick={() => fix(each)}>
                {each.label}
              </Button>
            ))}
        </li>
      ))}
    </ul>
  )
}

function SchedulePanel({ keeping }: { readonly keeping: KeepingView }) {
  const now = useNow()
  return (
    <Panel title="Schedule">
      {keeping.schedule.length === 0 ? (
        <p>
          Nothing is scheduled. Write <code>full: "0 3 * * *"</code> below <code>backup:</code> in site.yaml.
        </p>
      ) : (
        <dl className={styles.facts}>
          {keeping.schedule.map(({ kind, cron, next }) => (
            <div key={kind}>
              <dt>
                {kind} <code>{cron}</code>
              </dt>
              <dd>
                {next.length === 0 && 'never'}
                {next.map((at, nth) => (
                  <span key={at}>
                    {nth > 0 && ', '}
                    {at <= now ? 'due now' : <Time at={at} />}
                  </span>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {keeping.paused !== null && (
        <p>
          <HealthMark health="maintenance" label="waits" /> Waits: {keeping.paused}. One backup makes up for it
          afterwards.
        </p>
      )}
      <p className="dim">
        {keeping.alertAt !== null && (
          <>
            Without a good one this is told from <Time at={keeping.alertAt} /> on
            {keeping.alertBy === 'site.yaml' ? ' (backup.alert-after)' : ''}.{' '}
          </>
        )}
        Dates are <code>backup.full</code> and <code>backup.data</code> in site.yaml.
      </p>
    </Panel>
  )
}

function RulesPanel({ keeping, busy }: { readonly keeping: KeepingView; readonly busy: boolean }) {
  const { ask } = useActions()
  const total = useSelected('snapshots', (snapshots) => Object.keys(snapshots).length)
  const { keep, remove, held } = keeping
  return (
    <Panel
      title="Keeping"
      aside={
        <Button size="compact-sm" disabled={keep === null || busy} onClick={() => ask({ type: 'retention' })}>
          Rules…
        </Button>
      }
    >
      {keep === null ? (
        <p>The rules are not known because site.yaml cannot be read. Nothing is removed.</p>
      ) : (
        <p>
          {(Object.keys(ruleNames) as (keyof typeof ruleNames)[])
            .filter((name) => keep[name] > 0)
            .map((name) => `${count(keep[name])} ${ruleNames[name].toLowerCase()}`)
            .join(', ')}
        </p>
      )}
      {held !== null ? (
        <p>
          <HealthMark health="degraded" label="held" /> Nothing is removed. {held}
        </p>
      ) : (
        <p className="dim">
          {remove.length === 0
            ? `The rules keep all ${counted(total, 'snapshot')}.`
            : `The next scheduled backup removes ${counted(remove.length, 'snapshot')} of ${count(total)}.`}
        </p>
      )}
      <LeftOutLine />
    </Panel>
  )
}

/** What backups leave out: walked through only when it is asked for. */
function LeftOutLine() {
  const { link } = usePage()
  const [open, setOpen] = useState(false)
  const found = useQuery({
    queryKey: ['left-out'],
    queryFn: () => link.calls.keeping.leftOut({ kind: 'full' }),
    enabled: open,
    gcTime: 0,
  })
  if (!open) {
    return (
      <Button size="xs" variant="subtle" px={0} onClick={() => setOpen(true)}>
        What is left out?
      </Button>
    )
  }
  return (
    <PanelBody
      content={
        found.error
          ? { state: 'failed', problem: toConsoleError(found.error).problem, retry: () => void found.refetch() }
          : found.isPending
            ? { state: 'loading', waitsFor: 'Walking through the site folder.' }
            : { state: 'ready' }
      }
    >
      {found.data && (
        <>
          <p>
            Left out: {counted(found.data.files, 'file')}, {bytes(found.data.bytes)}. Backed up:{' '}
            {counted(found.data.taken.files, 'file')}, {bytes(found.data.taken.bytes)}.
          </p>
          <ul className={styles.leftOut}>
            {found.data.entries.slice(0, 20).map(({ path, rule, bytes: size }) => (
              <li key={path}>
                <code>{path}</code>{' '}
                <span className="dim">
                  {bytes(size)}, by {rule}
                </span>
              </li>
            ))}
          </ul>
          {found.data.entries.length + found.data.hidden > 20 && (
            <p className="dim">
              and {count(found.data.entries.length + found.data.hidden - 20)} smaller ones; all of them: wheelhouse
              backups excluded
            </p>
          )}
        </>
      )}
    </PanelBody>
  )
}

function SpacePanel({ keeping, busy }: { readonly keeping: KeepingView; readonly busy: boolean }) {
  const { ask } = useActions()
  const backups = useEntity('backups', 'backups')
  const { growth, reserve, lastPrune } = keeping
  return (
    <Panel
      title="Space"
      aside={
        <Button size="compact-sm" disabled={busy} onClick={() => ask({ type: 'prune' })}>
          Prune…
        </Button>
      }
    >
      <div className={styles.space}>
        <p>
          {backups?.bytes == null ? 'Size not known' : bytes(backups.bytes)}
          {backups?.freeBytes != null && <span className="dim">, {bytes(backups.freeBytes)} free</span>}
        </p>
        {growth.points.length > 1 && (
          <Sparkline
            values={growth.points.map((point) => point.bytes)}
            label="Size of the backups by day"
            slots={Math.max(10, growth.points.length - 1)}
          />
        )}
      </div>
      <p className="dim">
        {growth.bytesPerDay === null
          ? 'How fast they grow is known after four days.'
          : growth.bytesPerDay <= 0
            ? 'They do not grow.'
            : `They grow by ${bytes(growth.bytesPerDay)} a day.`}{' '}
        {growth.fullAt !== null && (
          <>
            The disk is full about <Time at={growth.fullAt} />.
          </>
        )}
      </p>
      <p className="dim">
        {reserve === null
          ? 'No space is kept in reserve.'
          : `${bytes(reserve)} are kept in reserve, so that a full disk can be pruned.`}
      </p>
      {lastPrune !== null && (
        <p className="dim">
          <Time at={lastPrune.at} />: {lastPrune.sentence}
        </p>
      )}
    </Panel>
  )
}
