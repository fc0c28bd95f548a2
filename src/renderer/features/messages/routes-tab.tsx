import { ActionIcon, Button, TextInput, Tooltip } from '@mantine/core'
import { IconChevronDown, IconChevronRight, IconDownload, IconPencil, IconPlus, IconSearch } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import type { RouteStagesView, RouteView } from '#shared/contract/index.ts'
import { functionDeeds, functionFault } from '#shared/function-words.ts'
import { csv, exportText } from '../../components/export-text.ts'
import { count, perSecond } from '../../components/figures.ts'
import { HealthMark, type Mark } from '../../components/health-mark.tsx'
import { PageFrame } from '../../components/page-frame.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { Time, ZoneNote } from '../../components/time.tsx'
import { useEntity, useSlice } from '../../state/use-shown.ts'
import { NewRouteDialog, RouteEditor } from '../routes/route-editor.tsx'
import { StagesPart } from '../routes/stages-part.tsx'
import { Why } from '../why/why.tsx'
import { targetLedger } from './ledger.ts'
import styles from './routes-tab.module.css'

/** Every route with its ledger: what came in, and what became of each message at each target. */
export function RoutesTab({ onWatch }: { readonly onWatch: (filter: string) => void }) {
  const slice = useSlice('routes')
  const [search, setSearch] = useState('')
  const [naming, setNaming] = useState(false)
  const [params, setParams] = useSearchParams()
  const editing = params.get('edit')
  const open = params.getAll('stages')
  const edit = (route: string | null) => {
    setNaming(false)
    setParams(route === null ? {} : { edit: route })
  }
  const all = useMemo(() => Object.values(slice).sort((a, b) => a.id.localeCompare(b.id)), [slice])
  const hasLimits = all.some(
    (route) =>
      route.limit !== null ||
      route.batch !== null ||
      route.function !== null ||
      route.targets.some(({ merged }) => merged > 0),
  )
  const words = search.trim().toLowerCase()
  const routes = all.filter((route) => `${route.id} ${route.title} ${route.from}`.toLowerCase().includes(words))
  if (editing !== null) return <RouteEditor key={editing} route={editing} onClose={() => edit(null)} />
  return (
    <PageFrame
      title="Routes"
      note={<ZoneNote />}
      actions={
        <Button leftSection={<IconPlus size={14} />} onClick={() => setNaming(true)}>
          New route
        </Button>
      }
      tools={
        <>
          <TextInput
            aria-label="Search routes"
            placeholder="Search routes"
            leftSection={<IconSearch size={14} />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Tooltip label="Save these ledgers as a file">
            <ActionIcon aria-label="Export routes" onClick={() => exportText('routes.csv', asCsv(routes), 'text/csv')}>
              <IconDownload size={16} />
            </ActionIcon>
          </Tooltip>
        </>
      }
    >
      <PanelBody
        content={
          routes.length === 0
            ? {
                state: 'empty',
                sentence:
                  'This site has no routes. Write the first one here, or name them under routes: in site.yaml and reload it in Settings.',
              }
            : { state: 'ready' }
        }
      >
        <div className={styles.routes}>
          {routes.map((route) => (
            <Route
              key={route.id}
              route={route}
              hasLimits={hasLimits}
              open={open.includes(route.id)}
              onOpen={(isOpen) =>
                setParams(isOpen ? { stages: [...open, route.id] } : { stages: open.filter((id) => id !== route.id) })
              }
              onWatch={onWatch}
              onEdit={edit}
            />
          ))}
        </div>
      </PanelBody>
      {naming && <NewRouteDialog taken={all.map(({ id }) => id)} onClose={() => setNaming(false)} onChosen={edit} />}
    </PageFrame>
  )
}

interface RouteProps {
  readonly route: RouteView
  /** Whether any route of the site has a limit: the columns of all ledgers are the same. */
  readonly hasLimits: boolean
  /** Whether its stages are shown. */
  readonly open: boolean
  readonly onOpen: (open: boolean) => void
  readonly onWatch: (filter: string) => void
  readonly onEdit: (route: string) => void
}

function Route({ route, hasLimits, open, onOpen, onWatch, onEdit }: RouteProps) {
  const mark = markOf(route, useEntity('stages', route.id))
  const links = useSlice('traffic').traffic?.links ?? []
  const broker = links.length > 1 ? (route.broker ?? links[0]?.broker) : undefined
  const hasExpired = route.targets.some(({ expired }) => expired > 0)
  const fault = route.function === null ? null : functionFault(route.function)
  const hasTags = route.targets.some(({ passedOver }) => passedOver > 0)
  return (
    <section className={styles.route} aria-label={`Route ${route.id}`}>
      <header className={styles.head}>
        <HealthMark health={mark} label={markWords(route, mark)} />
        <h2>{route.title}</h2>
        <Tooltip label="Edit, try, save">
          <ActionIcon
            size="sm"
            className={`${styles.edit}`}
            aria-label={`Edit route ${route.id}`}
            onClick={() => onEdit(route.id)}
          >
            <IconPencil size={14} />
          </ActionIcon>
        </Tooltip>
        {route.title !== route.id && <code className="dim">{route.id}</code>}
        <span className="dim">from</span>
        <button type="button" className={styles.from} title="Watch live" onClick={() => onWatch(route.from)}>
          <code>{route.from}</code>
        </button>
        {broker !== undefined && <span className="dim">on {broker}</span>}
        {(mark !== 'healthy' || route.lastError !== null || lost(route) > 0) && (
          <Why subject={`route:${route.id}`} about={route.id} />
        )}
        {route.limit !== null && (
          <span className="dim">
            at most <Sentence text={route.limit} />
          </span>
        )}
        {route.function !== null && (
          <span className="dim">
            through <Sentence text={route.function.words} />: {functionDeeds(route.function)}
          </span>
        )}
        {route.batch !== null && (
          <span className="dim">
            gathered <Sentence text={route.batch} />
          </span>
        )}
        <span className={styles.rate}>
          {route.on ? perSecond(route.perSecond) : 'off'}
          {route.lastAt !== null && (
            <span className="dim">
              , last <Time at={route.lastAt} />
            </span>
          )}
        </span>
      </header>
      <table className={styles.ledger} aria-label={`Ledger of ${route.id}`}>
        <thead>
          <tr>
            <th>Target</th>
            <th>In</th>
            <th>Filtered</th>
            {hasLimits && (
              <>
                <th>Limited</th>
                <th>Waiting</th>
                <th>Merged</th>
              </>
            )}
            <th>Quarantined</th>
            <th>Delivered</th>
            <th>Queued</th>
            {hasTags && <th>Passed over</th>}
            {hasExpired && <th>Expired</th>}
            <th>Dropped</th>
            <th>Open</th>
          </tr>
        </thead>
        <tbody>
          {route.targets.map((target) => {
            const ledger = targetLedger(route, target)
            return (
              <tr key={`${target.kind} ${target.name}`}>
                <td>
                  {target.kind} {target.name !== target.kind && <code>{target.name}</code>}
                  {target.lastError !== null && (
                    <div className={styles.error}>
                      {target.lastError}
                      {target.failingSince !== null && target.queued > 0 && (
                        <span className="dim">
                          , since <Time at={target.failingSince} />; tried again by itself
                        </span>
                      )}
                    </div>
                  )}
                </td>
                <td title={target.carried > 0 ? `${count(target.carried)} of them waited from before.` : undefined}>
                  {count(route.received + target.carried)}
                </td>
                <td>{count(route.filtered)}</td>
                {hasLimits && (
                  <>
                    <td title="Came too soon after another.">{count(route.limited)}</td>
                    <td title="Goes on as soon as it may, with its batch, or when its function has answered.">
                      {count(route.held)}
                    </td>
                    <td title="Went on as a part of another message, or gave way to a newer one of its key.">
                      {count(route.merged + ledger.merged)}
                    </td>
                  </>
                )}
                <td>
                  {route.quarantined + ledger.quarantined > 0 ? (
                    <Link to="/messages/quarantine">{count(route.quarantined + ledger.quarantined)}</Link>
                  ) : (
                    0
                  )}
                </td>
                <td>{count(ledger.delivered)}</td>
                <td>{count(ledger.queued)}</td>
                {hasTags && <td title="Not for this target, by their tags.">{count(ledger.passedOver)}</td>}
                {hasExpired && <td title="Came to the end of their time.">{count(ledger.expired)}</td>}
                <td>{count(ledger.dropped)}</td>
                <td title="Received and not yet accounted for; settles at 0.">{count(ledger.open)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
      <button
        type="button"
        className={styles.unfold}
        aria-expanded={open}
        aria-label={`Stages of ${route.id}`}
        onClick={() => onOpen(!open)}
      >
        {open ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />} Stages
      </button>
      {open && <StagesPart route={route.id} />}
      {fault !== null && (
        <p className={styles.error}>
          <HealthMark health="degraded" label="error" size={10} /> {fault}
        </p>
      )}
      {route.lastError !== null && (
        <p className={styles.error}>
          <HealthMark health="degraded" label="error" size={10} /> {route.lastError}
        </p>
      )}
    </section>
  )
}

function asCsv(routes: readonly RouteView[]): string {
  return csv(
    [
      'route',
      'from',
      'target',
      'in',
      'filtered',
      'limited',
      'waiting',
      'merged',
      'quarantined',
      'delivered',
      'queued',
      'passed over',
      'expired',
      'dropped',
    ],
    routes.flatMap((route) =>
      route.targets.map((target) => [
        route.id,
        route.from,
        `${target.kind} ${target.name}`,
        route.received + target.carried,
        route.filtered,
        route.limited,
        route.held,
        route.merged + target.merged,
        route.quarantined + target.quarantined,
        target.delivered,
        target.queued,
        target.passedOver,
        target.expired,
        target.dropped,
      ]),
    ),
  )
}

/** Messages that went to quarantine or were dropped; not those that nobody wants any more. */
function lost({ quarantined, targets }: RouteView): number {
  return targets.reduce((all, target) => all + target.dropped + target.quarantined, quarantined)
}

function markOf(route: RouteView, stages: RouteStagesView | undefined): Mark {
  if (!route.on) return 'unknown'
  if (route.refused !== null) return 'unhealthy'
  if (stages?.stages.some(({ minute }) => minute.failed > 0)) return 'degraded'
  if (route.targets.some((target) => target.lastError !== null && target.queued + target.dropped > 0)) return 'degraded'
  return 'healthy'
}

/** What the mark says, for those who do not see it. */
function markWords(route: RouteView, mark: Mark): string {
  if (!route.on) return 'off'
  return mark === 'healthy' ? 'on' : mark === 'degraded' ? 'on, but some messages fail' : 'not loaded'
}
