import { Spotlight, type SpotlightActionGroupData, spotlight } from '@mantine/spotlight'
import { IconSearch } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useNavigate } from 'react-router'
import { HealthMark } from '../components/health-mark.tsx'
import { useActions } from '../features/actions/asking.ts'
import { useFix } from '../features/actions/use-fix.ts'
import { useEntity, useSelected, useSite } from '../state/use-shown.ts'
import { pages } from './pages.ts'

/** Opens the finder; also on Ctrl or Cmd and K. */
export function openFind(): void {
  spotlight.open()
}

/** Finds services, pages and actions by their words. */
export function Find() {
  const groups = useFindGroups()
  return (
    <Spotlight
      actions={groups}
      shortcut="mod + K"
      // Also while a filter is being typed.
      tagsToIgnore={[]}
      nothingFound="Nothing by that name. Try a service, a page, or a verb such as restore."
      highlightQuery
      scrollable
      maxHeight={440}
      transitionProps={{ duration: 0 }}
      lockScroll={false}
      overlayProps={{ backgroundOpacity: 0.5, blur: 0 }}
      searchProps={{
        placeholder: 'Find a service, a page, an action',
        'aria-label': 'Find',
        leftSection: <IconSearch size={16} />,
      }}
    />
  )
}

function useFindGroups(): SpotlightActionGroupData[] {
  const navigate = useNavigate()
  const { ask, backUp } = useActions()
  const fix = useFix()
  const site = useSite()
  const undo = useEntity('backups', 'backups')?.undo
  const services = useSelected(
    'services',
    (slice) => Object.values(slice).map(({ id, title, health }) => ({ id, title, health })),
    (a, b) => JSON.stringify(a) === JSON.stringify(b),
  )
  return useMemo(() => {
    const actions = [
      { id: 'start-all', label: 'Start all', onClick: () => ask({ type: 'services', action: 'start-all' }) },
      { id: 'stop-all', label: 'Stop all', onClick: () => ask({ type: 'services', action: 'stop-all' }) },
      {
        id: 'emergency-stop',
        label: 'Emergency stop',
        onClick: () => ask({ type: 'services', action: 'emergency-stop' }),
      },
      { id: 'back-up', label: 'Back up now', onClick: () => backUp('full') },
      { id: 'restore', label: 'Restore…', onClick: () => ask({ type: 'restore', snapshot: null }) },
      ...(undo ? [{ id: 'undo', label: 'Undo…', onClick: () => ask({ type: 'undo' }) }] : []),
      { id: 'check-store', label: 'Check the store…', onClick: () => ask({ type: 'check-store', database: null }) },
      { id: 'copy-store', label: 'Copy the store…', onClick: () => ask({ type: 'copy-store' }) },
      {
        id: 'reload',
        label: 'Reload site.yaml',
        onClick: () => fix({ label: 'Reload', action: { type: 'reload-config' } }),
      },
      ...(site?.sample
        ? [{ id: 'reset-sample', label: 'Reset sample…', onClick: () => ask({ type: 'reset-sample' }) }]
        : []),
      ...services.flatMap(({ id }) =>
        (['start', 'stop', 'restart'] as const).map((action) => ({
          id: `${action}:${id}`,
          label: `${action.charAt(0).toUpperCase()}${action.slice(1)} ${id}`,
          onClick: () => ask({ type: 'services', action, service: id }),
        })),
      ),
    ]
    return [
      {
        group: 'Services',
        actions: services.map(({ id, title, health }) => ({
          id: `service:${id}`,
          label: title === id ? id : `${title} (${id})`,
          leftSection: <HealthMark health={health} />,
          onClick: () => void navigate(`/services/${id}`),
        })),
      },
      {
        group: 'Pages',
        actions: pages.map((page) => ({
          id: `page:${page.path}`,
          label: page.title,
          keywords: page.words,
          leftSection: <page.icon size={16} stroke={1.6} />,
          onClick: () => void navigate(page.path),
        })),
      },
      {
        group: 'Actions',
        actions: site
          ? actions
          : [{ id: 'open-site', label: 'Open my site…', onClick: () => ask({ type: 'open-site' }) }],
      },
    ]
  }, [services, navigate, ask, backUp, fix, site, undo])
}
