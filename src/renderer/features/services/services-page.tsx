import { ActionIcon, Button, Select, TextInput, Tooltip } from '@mantine/core'
import { IconAlertOctagon, IconDownload, IconSearch } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { useNavigate, useParams } from 'react-router'
import type { ServiceView } from '#shared/contract/index.ts'
import { clearCross } from '../../components/clear-cross.ts'
import { csv, exportText } from '../../components/export-text.ts'
import { counted } from '../../components/figures.ts'
import { PageFrame } from '../../components/page-frame.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { ZoneNote } from '../../components/time.tsx'
import { useSite, useSlice } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import { DependenciesPanel, DependencyTrouble } from '../dependencies/dependencies-panel.tsx'
import { DependencyDrawer } from '../dependencies/dependency-drawer.tsx'
import { ConfigBanner } from '../settings/config-banner.tsx'
import { Contact } from './contact.tsx'
import { ServiceDrawer } from './service-drawer.tsx'
import { groupsOf } from './service-groups.ts'
import { ServiceTable } from './service-table.tsx'
import { StartPath } from './start-path.tsx'
import { serviceStateWords } from './state-words.ts'

/** Every service of the site, and beside it the selected one. */
export function ServicesPage() {
  const { id, dependency } = useParams()
  const navigate = useNavigate()
  const { ask } = useActions()
  const site = useSite()
  const slice = useSlice('services')
  const [search, setSearch] = useState('')
  const [only, setOnly] = useState<string | null>(null)
  const all = useMemo(() => Object.values(slice), [slice])
  const groups = useMemo(
    () =>
      groupsOf(
        all.filter((service) => matches(service, search, only)),
        site ?? noOrder,
      ),
    [all, site, search, only],
  )
  const rows = useMemo(() => groups.flatMap((group) => group.services), [groups])
  const selected = id === undefined ? undefined : slice[id]
  const running = all.filter((service) => service.state === 'running').length
  const failing = all.some((service) => service.health === 'unhealthy' || service.state === 'failed')

  return (
    <PageFrame
      title="Services"
      note={
        <>
          {running} of {counted(all.length, 'service')} running. <DependencyTrouble /> <ZoneNote />
        </>
      }
      actions={
        <>
          <Button onClick={() => ask({ type: 'services', action: 'start-all' })}>Start all</Button>
          <Button onClick={() => ask({ type: 'services', action: 'stop-all' })}>Stop all</Button>
          <Button
            leftSection={<IconAlertOctagon size={15} aria-hidden="true" />}
            onClick={() => ask({ type: 'services', action: 'emergency-stop' })}
          >
            Emergency stop
          </Button>
        </>
      }
      tools={
        <>
          <TextInput
            placeholder="Search services"
            aria-label="Search services"
            leftSection={<IconSearch size={14} />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Select
            aria-label="Show only"
            placeholder="All states"
            clearable
            clearButtonProps={clearCross('state')}
            w={150}
            data={stateChoices}
            value={only}
            onChange={setOnly}
          />
          <Tooltip label="Save this list as a file">
            <ActionIcon
              aria-label="Export services"
              onClick={() => exportText('services.csv', asCsv(rows), 'text/csv')}
            >
              <IconDownload size={16} />
            </ActionIcon>
          </Tooltip>
          {rows.length < all.length && (
            <span className="dim">
              {rows.length} of {all.length} shown
            </span>
          )}
        </>
      }
      drawer={
        dependency !== undefined ? (
          <DependencyDrawer key={dependency} id={dependency} onClose={() => void navigate('/services')} />
        ) : (
          id !== undefined && (
            <ServiceDrawer key={id} id={id} service={selected} onClose={() => void navigate('/services')} />
          )
        )
      }
    >
      <ConfigBanner />
      <PanelBody
        content={
          all.length === 0
            ? {
                state: 'empty',
                sentence:
                  'This site has no services yet. Name them under services: in site.yaml, then reload it in Settings.',
              }
            : rows.length === 0
              ? { state: 'empty', sentence: 'No service matches. Clear the search or the filter to see all.' }
              : { state: 'ready' }
        }
      >
        <StartPath />
        <ServiceTable groups={groups} selected={id} />
        {failing && <Contact />}
      </PanelBody>
      <DependenciesPanel selected={dependency} />
    </PageFrame>
  )
}

const stateChoices = [
  { value: 'trouble', label: 'Not healthy' },
  ...Object.entries(serviceStateWords).map(([value, label]) => ({ value, label })),
]

const noOrder = { phases: [], waves: [] }

function matches(service: ServiceView, search: string, only: string | null): boolean {
  if (only === 'trouble' && service.health !== 'degraded' && service.health !== 'unhealthy') return false
  if (only !== null && only !== 'trouble' && service.state !== only) return false
  const words = search.trim().toLowerCase()
  return (
    words === '' ||
    `${service.id} ${service.title} ${service.reason} ${service.phase ?? ''}`.toLowerCase().includes(words)
  )
}

function asCsv(services: readonly ServiceView[]): string {
  return csv(
    ['service', 'title', 'kind', 'state', 'health', 'since', 'reason', 'pid', 'cpu %', 'memory B', 'restarts'],
    services.map((service) => [
      service.id,
      service.title,
      service.kind,
      service.state,
      service.health,
      new Date(service.since).toISOString(),
      service.reason,
      service.pid,
      service.cpu,
      service.memory,
      service.restarts,
    ]),
  )
}
