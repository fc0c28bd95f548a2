import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const eventsHandlers = {
  page: api.events.page.handler(async ({ input, context, signal }) => {
    const { events, more, reached } = await siteOf(context).events.page(input, signal)
    return { events: [...events], more, reached }
  }),
  span: api.events.span.handler(async ({ input, context, signal }) => {
    const { buckets, ...filter } = input
    const span = await siteOf(context).events.span(filter, buckets, signal)
    return { ...span, buckets: span.buckets.map((bucket) => ({ ...bucket, counts: [...bucket.counts] })) }
  }),
  chain: api.events.chain.handler(({ input: { id }, context }) => {
    const { events } = siteOf(context)
    return { causes: [...events.causes(id)], effects: [...events.effects(id)], effectsTotal: events.countEffects(id) }
  }),
}
