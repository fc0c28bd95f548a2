import { siteOf } from '../context.ts'
import { api } from './implement.ts'
import { notBuilt } from './not-built.ts'

export const eventsHandlers = {
  page: api.events.page.handler(({ input, context }) => {
    const { events, more } = siteOf(context).events.page(input)
    return { events: [...events], more }
  }),
  span: api.events.span.handler(notBuilt),
  chain: api.events.chain.handler(({ input, context }) => {
    const { events } = siteOf(context)
    return { causes: [...events.causes(input.id)], effects: [...events.effects(input.id)] }
  }),
}
