/** A service in the graph: what it needs, by id. */
export interface GraphService {
  readonly id: string
  readonly needs: readonly { readonly service: string; readonly met: boolean }[]
}

/** Where everything is drawn, in pixels. */
export interface GraphLayout {
  readonly width: number
  readonly height: number
  readonly nodes: readonly {
    readonly id: string
    readonly x: number
    readonly y: number
    readonly column: number
    readonly row: number
  }[]
  readonly edges: readonly {
    readonly from: string
    readonly to: string
    readonly met: boolean
    readonly path: string
  }[]
}

/** Sizes of the drawing, in pixels. */
export const nodeSize = { width: 150, height: 40 } as const
const gap = { x: 40, y: 10 } as const

/**
 * Places services in columns, one a wave, so that every line runs from left (needed) to right (needs it). Within a column a
 * service stands as close as it can to the middle of what it needs, which keeps lines from crossing. Pure.
 */
export function layOutGraph(waves: readonly (readonly string[])[], services: readonly GraphService[]): GraphLayout {
  const byId = new Map(services.map((service) => [service.id, service]))
  const known = waves.map((wave) => wave.filter((id) => byId.has(id))).filter((wave) => wave.length > 0)
  const placed = new Set(known.flat())
  const rest = services.map((service) => service.id).filter((id) => !placed.has(id))
  const columns = rest.length > 0 ? [...known, rest] : known

  const tallest = Math.max(1, ...columns.map((column) => column.length))
  const height = tallest * (nodeSize.height + gap.y) - gap.y
  const centre = new Map<string, number>()
  const nodes = columns.flatMap((column, index) => {
    const wish = (id: string) => middleOfNeeds(byId.get(id), centre) ?? height / 2
    const ordered = index === 0 ? [...column] : column.toSorted((a, b) => wish(a) - wish(b) || a.localeCompare(b))
    const block = ordered.length * (nodeSize.height + gap.y) - gap.y
    const wished = ordered.reduce((sum, id) => sum + wish(id), 0) / ordered.length
    const top = Math.max(0, Math.min(height - block, (index === 0 ? height / 2 : wished) - block / 2))
    return ordered.map((id, row) => {
      const y = top + row * (nodeSize.height + gap.y)
      centre.set(id, y + nodeSize.height / 2)
      return { id, x: index * (nodeSize.width + gap.x), y, column: index, row }
    })
  })

  const at = new Map(nodes.map((node) => [node.id, node]))
  const edges = services.flatMap((service) =>
    service.needs.flatMap((need) => {
      const from = at.get(need.service)
      const to = at.get(service.id)
      return from && to ? [{ from: from.id, to: to.id, met: need.met, path: curve(from, to) }] : []
    }),
  )
  return { width: Math.max(1, columns.length) * (nodeSize.width + gap.x) - gap.x, height, nodes, edges }
}

function middleOfNeeds(service: GraphService | undefined, centre: ReadonlyMap<string, number>): number | null {
  const heights = (service?.needs ?? []).flatMap((need) => centre.get(need.service) ?? [])
  return heights.length === 0 ? null : heights.reduce((sum, y) => sum + y, 0) / heights.length
}

/** A line that leaves to the right and arrives from the left; its bend lies in the gap before the column it goes to. */
function curve(from: { x: number; y: number }, to: { x: number; y: number }): string {
  const [x1, y1] = [from.x + nodeSize.width, from.y + nodeSize.height / 2]
  const [x2, y2] = [to.x, to.y + nodeSize.height / 2]
  const bend = x2 - gap.x
  return `M${x1} ${y1} L${bend} ${y1} C${bend + gap.x / 2} ${y1} ${bend + gap.x / 2} ${y2} ${x2} ${y2}`
}
