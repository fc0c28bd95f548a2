import { describe, expect, it } from 'vitest'
import type { RouteTarget } from '#core/config/index.ts'
import { route } from '../../../../test/support/messaging-rig.ts'
import { checkRoutes } from './route-check.ts'

const to = (topic: string, broker?: string): readonly RouteTarget[] => [
  { kind: 'mqtt', topic, qos: 1, retain: false, ...(broker === undefined ? {} : { broker }) },
]
const mistakes = (...routes: Parameters<typeof checkRoutes>[0][number][]) =>
  checkRoutes(routes).map(({ message }) => message)

describe('Circles of routes across brokers', () => {
  it('are found, with the way in the sentence', () => {
    const up = route('up', { from: 'x/#', to: to('#', 'lab') })
    const back = route('back', { broker: 'lab', from: 'x/cmd/+', to: to('#') })
    const circle = 'up (x/# → lab: #) → back (lab: x/cmd/+ → #) → up'
    expect(mistakes(up, back)).toEqual(
      Array.from(
        { length: 2 },
        () => `Routes feed each other in a circle: ${circle}. A message would go round for ever.`,
      ),
    )
  })

  it('are found by way of a third broker and of a fixed topic', () => {
    const routes = [
      route('one', { from: 'a/#', to: to('b/#', 'lab') }),
      route('two', { broker: 'lab', from: '/^b.a/', to: to('c', 'plant') }),
      route('three', { broker: 'plant', from: 'c', to: to('a/again') }),
    ]
    expect(mistakes(...routes)).toEqual([])
    const fixed = [route('one', { from: 'a/#', to: to('b/a', 'lab') }), ...routes.slice(1)]
    expect(mistakes(...fixed)).toHaveLength(3)
  })

  it('are not seen where topics or brokers differ', () => {
    const up = route('up', { from: 'desk/#', to: to('#', 'lab') })
    expect(mistakes(up, route('back', { broker: 'lab', from: 'order/#', to: to('#') }))).toEqual([])
    expect(mistakes(up, route('on-lab', { broker: 'lab', from: 'desk/#', to: to('seen/#', 'lab') }))).toEqual([])
    expect(mistakes(up, route('other', { broker: 'plant', from: 'desk/#', to: to('#') }))).toEqual([])
  })

  it('of one route are its own output on its own broker', () => {
    expect(mistakes(route('same', { from: 'x/#', to: to('#') }))[0]).toContain('would receive its own output')
    expect(mistakes(route('below', { from: 'x/#', to: to('x/y/#') }))[0]).toContain('would receive its own output')
    expect(mistakes(route('aside', { from: 'x/#', to: to('y/#') }))).toEqual([])
    expect(mistakes(route('away', { from: 'x/#', to: to('#', 'lab') }))).toEqual([])
  })

  it('by way of a regular expression are found where the topic is kept, which would go round for ever', () => {
    const own = route('own', { from: '/^q/', to: to('#') })
    expect(mistakes(own)[0]).toContain('would receive its own output')
    const up = route('up', { from: '/^q/', to: to('#', 'lab') })
    expect(mistakes(up, route('back', { broker: 'lab', from: '/^q/', to: to('#') }))).toHaveLength(2)
    const into = (topic: string) => route('into', { from: '/^q/', to: to(topic, 'lab') })
    const all = (from: string) => route('all', { broker: 'lab', from, to: to('q') })
    expect(mistakes(into('#'), all('#'))).toHaveLength(2)
    expect(mistakes(into('a/b/#'), all('+/#'))).toHaveLength(2)
    expect(mistakes(into('a/#'), all('a/b/#'))).toEqual([])
    expect(mistakes(into('#'), all('+/#'))).toEqual([])
  })

  it('are not seen between different regular expressions, which may let in different topics', () => {
    const up = route('up', { from: '/^up/', to: to('#', 'lab') })
    expect(mistakes(up, route('down', { broker: 'lab', from: '/^down/', to: to('#') }))).toEqual([])
  })
})
