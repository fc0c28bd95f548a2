import { type KeyboardEvent, memo } from 'react'
import { Link, useNavigate } from 'react-router'
import type { ServiceView } from '#shared/contract/index.ts'
import { bytes, count, counted, percent } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Sentence } from '../../components/sentence.tsx'
import table from '../../components/table.module.css'
import { Age } from '../../components/time.tsx'
import { Why } from '../why/why.tsx'
import type { ServiceGroup } from './service-groups.ts'
import { serviceStateWords } from './state-words.ts'

/** The dense list of services. Up and down move the selection, from where the focus is. */
export function ServiceTable({
  groups,
  selected,
}: {
  readonly groups: readonly ServiceGroup[]
  readonly selected: string | undefined
}) {
  const navigate = useNavigate()
  const services = groups.flatMap((group) => group.services)
  const move = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    const row = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('[data-service]') : null
    const from = row?.dataset.service ?? selected
    const at = services.findIndex((service) => service.id === from)
    const next = services[Math.max(0, Math.min(services.length - 1, at + (event.key === 'ArrowDown' ? 1 : -1)))]
    if (!next) return
    event.preventDefault()
    void navigate(`/services/${next.id}`)
    event.currentTarget.querySelector<HTMLElement>(`[data-service="${CSS.escape(next.id)}"] a`)?.focus()
  }
  return (
    <div className={`${table.scroll} ${table.long}`}>
      <table className={table.table} aria-label="Services" onKeyDown={move}>
        <thead>
          <tr>
            <th>Service</th>
            <th>State</th>
            <th className={table.grow}>Reason</th>
            <th className={`${table.right} ${table.second}`}>Since</th>
            <th className={`${table.right} ${table.second}`}>CPU</th>
            <th className={`${table.right} ${table.second}`}>Memory</th>
            <th className={`${table.right} ${table.third}`}>Restarts</th>
            <th className={`${table.right} ${table.third}`}>Ports</th>
          </tr>
        </thead>
        {groups.map((group) => (
          <tbody key={group.id}>
            {group.title !== null && <GroupHead group={group} />}
            {group.services.map((service) => (
              <Row key={service.id} service={service} selected={service.id === selected} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  )
}

function GroupHead({ group: { title, services } }: { readonly group: ServiceGroup }) {
  const up = services.filter(({ state }) => state === 'running' || state === 'completed' || state === 'external').length
  return (
    <tr className={`${table.group}`}>
      <th colSpan={8} scope="rowgroup">
        {title}{' '}
        <span className="dim">
          {up === services.length ? counted(up, 'service') : `${up} of ${counted(services.length, 'service')} there`}
        </span>
      </th>
    </tr>
  )
}

const Row = memo(function Row({ service, selected }: { readonly service: ServiceView; readonly selected: boolean }) {
  const navigate = useNavigate()
  const address = `/services/${service.id}`
  return (
    <tr
      data-service={service.id}
      aria-selected={selected}
      // The link in the first cell is the way for the keyboard.
      onClick={() => void navigate(address)}
    >
      <td className={table.name}>
        <HealthMark health={service.health} />{' '}
        <Link to={address} title={service.title} aria-current={selected || undefined}>
          {service.id}
        </Link>
      </td>
      <td>{serviceStateWords[service.state]}</td>
      <td className={`${table.grow} dim`} title={service.reason}>
        <span className={table.withWhy}>
          <span>
            <Sentence text={service.reason} />
          </span>
          <Why subject={`service:${service.id}`} about={service.id} />
        </span>
      </td>
      <td className={`${table.right} ${table.second}`}>
        <Age at={service.since} plain />
      </td>
      <td className={`${table.right} ${table.second}`}>{service.cpu === null ? '' : percent(service.cpu)}</td>
      <td className={`${table.right} ${table.second}`}>{service.memory === null ? '' : bytes(service.memory)}</td>
      <td className={`${table.right} ${table.third}`}>{count(service.restarts)}</td>
      <td className={`${table.right} ${table.third}`}>{Object.values(service.ports).join(', ')}</td>
    </tr>
  )
})
