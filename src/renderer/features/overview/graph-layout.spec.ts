import { expect, test } from 'vitest'
import { layOutGraph, nodeSize } from './graph-layout.ts'

const need = (...ids: string[]) => ids.map((service) => ({ service, met: true }))

test('each wave is a column, and every line runs from left to right', () => {
  const layout = layOutGraph(
    [['broker', 'database'], ['api', 'desk-units'], ['kiosk']],
    [
      { id: 'broker', needs: [] },
      { id: 'database', needs: [] },
      { id: 'api', needs: need('broker', 'database') },
      { id: 'desk-units', needs: [{ service: 'broker', met: false }] },
      { id: 'kiosk', needs: need('api') },
    ],
  )
  const x = Object.fromEntries(layout.nodes.map((node) => [node.id, node.x]))
  expect(layout.nodes.map((node) => node.column)).toEqual([0, 0, 1, 1, 2])
  expect(layout.edges).toHaveLength(4)
  for (const edge of layout.edges) expect(x[edge.from]).toBeLessThan(x[edge.to] ?? 0)
  expect(layout.edges.find((edge) => edge.to === 'desk-units')?.met).toBe(false)
})

test('services stand beside what they need, so that lines do not cross without need', () => {
  const layout = layOutGraph(
    [
      ['top', 'bottom'],
      ['below', 'above'],
    ],
    [
      { id: 'top', needs: [] },
      { id: 'bottom', needs: [] },
      { id: 'below', needs: need('bottom') },
      { id: 'above', needs: need('top') },
    ],
  )
  const y = Object.fromEntries(layout.nodes.map((node) => [node.id, node.y]))
  expect(y.above).toBeLessThan(y.below ?? 0)
})

test('no two services lie upon each other, in a graph of fifty on five levels', () => {
  const waves = Array.from({ length: 5 }, (_, wave) => Array.from({ length: 10 }, (_, index) => `s${wave}-${index}`))
  const services = waves
    .flat()
    .map((id, index) => ({ id, needs: index < 10 ? [] : need(`s${Math.floor(index / 10) - 1}-${(index * 7) % 10}`) }))
  const { nodes, width, height } = layOutGraph(waves, services)
  expect(nodes).toHaveLength(50)
  for (const one of nodes) {
    expect(one.x + nodeSize.width).toBeLessThanOrEqual(width)
    expect(one.y + nodeSize.height).toBeLessThanOrEqual(height + 0.001)
    const overlaps = nodes.filter(
      (other) => other !== one && other.x === one.x && Math.abs(other.y - one.y) < nodeSize.height,
    )
    expect(overlaps).toEqual([])
  }
})

test('a service that no wave names is still shown', () => {
  expect(layOutGraph([], [{ id: 'lonely', needs: need('gone') }])).toMatchObject({
    nodes: [{ id: 'lonely' }],
    edges: [],
  })
})
