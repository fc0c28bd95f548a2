import { siteOf } from '../context.ts'
import { api } from './implement.ts'
import { notBuilt } from './not-built.ts'

export const eventsHandlers = {
  page: api.events.page.handler(({ input, context }) => {
    const { events, more } = siteOf(context).events.page(input)
    return { events: [...events], more, reached: more ? (events.at(-1)?.seq ?? null) : null }
  }),
  span: api.events.span.handler(notBuilt),
  chain: api.events.chain.handler(({ input, context }) => {
    const { events } = siteOf(context)
    const effects = [...events.effects(input.id)]
    return { causes: [...events.causes(input.id)], effects, effectsTotal: effects.length }
  }),
}
