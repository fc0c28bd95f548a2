import { type KeyboardEvent, useMemo, useRef, useState } from 'react'
import { Link } from 'react-router'
import { HealthMark } from '../../components/health-mark.tsx'
import { useEntity, useSelected, useSite } from '../../state/use-shown.ts'
import { serviceStateWords } from '../services/state-words.ts'
import { Why } from '../why/why.tsx'
import { type GraphLayout, type GraphService, layOutGraph, nodeSize } from './graph-layout.ts'
import styles from './site-graph.module.css'

const none: readonly (readonly string[])[] = []

/** The services and what each needs, left to right in the order of starting. Arrow keys go from one to the next. */
export function SiteGraph() {
  const waves = useSite()?.waves ?? none
  const services = useSelected('services', graphServices, (a, b) => JSON.stringify(a) === JSON.stringify(b))
  const layout = useMemo(() => layOutGraph(waves, services), [waves, services])
  const [lit, setLit] = useState<string | null>(null)
  const frame = useRef<HTMLDivElement>(null)
  const move = (event: KeyboardEvent) => {
    const to = neighbour(layout, lit, event.key)
    if (!to) return
    event.preventDefault()
    frame.current?.querySelector<HTMLElement>(`[data-service="${CSS.escape(to)}"]`)?.focus()
  }
  return (
    <div className={styles.scroll}>
      <nav
        ref={frame}
        className={styles.graph}
        style={{ width: layout.width, height: layout.height }}
        aria-label="Services in the order of starting"
        onKeyDown={move}
      >
        <svg width={layout.width} height={layout.height} className={styles.edges} aria-hidden="true">
          {layout.edges.map((edge) => (
            <path
              key={`${edge.from} ${edge.to}`}
              d={edge.path}
              data-met={edge.met}
              data-lit={lit !== null && (edge.from === lit || edge.to === lit)}
            />
          ))}
        </svg>
        {layout.nodes.map((node) => (
          <Node key={node.id} id={node.id} x={node.x} y={node.y} onLit={setLit} />
        ))}
      </nav>
    </div>
  )
}

function Node({
  id,
  x,
  y,
  onLit,
}: {
  readonly id: string
  readonly x: number
  readonly y: number
  readonly onLit: (id: string | null) => void
}) {
  const service = useEntity('services', id)
  if (!service) return null
  const well = service.health === 'healthy'
  return (
    <>
      <Link
        to={`/services/${id}`}
        className={styles.node}
        style={{ left: x, top: y, width: nodeSize.width, height: nodeSize.height }}
        data-service={id}
        data-why={!well || undefined}
        data-health={service.health}
        title={`${service.title}: ${service.reason}`}
        onFocus={() => onLit(id)}
        onBlur={() => onLit(null)}
        onMouseEnter={() => onLit(id)}
        onMouseLeave={() => onLit(null)}
      >
        <HealthMark health={service.health} />
        <span className={styles.words}>
          <span className={styles.name}>{id}</span>
          {service.state !== 'running' && <span className={styles.state}>{serviceStateWords[service.state]}</span>}
        </span>
      </Link>
      {!well && (
        <span className={styles.ask} style={{ left: x + nodeSize.width, top: y, height: nodeSize.height }}>
          <Why subject={`service:${id}`} about={id} />
        </span>
      )}
    </>
  )
}

function graphServices(slice: Readonly<Record<string, GraphService>>): readonly GraphService[] {
  return Object.values(slice).map(({ id, needs }) => ({
    id,
    needs: needs.map(({ service, met }) => ({ service, met })),
  }))
}

/** The service that an arrow key leads to: up and down within a wave, left and right to the nearest of the next one. */
function neighbour(layout: GraphLayout, from: string | null, key: string): string | null {
  const here = layout.nodes.find((node) => node.id === from)
  if (!here) return null
  if (key === 'ArrowUp' || key === 'ArrowDown') {
    const row = here.row + (key === 'ArrowDown' ? 1 : -1)
    return layout.nodes.find((node) => node.column === here.column && node.row === row)?.id ?? null
  }
  if (key !== 'ArrowLeft' && key !== 'ArrowRight') return null
  const column = here.column + (key === 'ArrowRight' ? 1 : -1)
  const there = layout.nodes.filter((node) => node.column === column)
  return there.toSorted((a, b) => Math.abs(a.y - here.y) - Math.abs(b.y - here.y))[0]?.id ?? null
}
