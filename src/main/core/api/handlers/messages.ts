import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const messagesHandlers = {
  publish: api.messages.publish.handler(async ({ input, context }) => {
    await siteOf(context).messaging.publish(input)
    return {}
  }),
  topics: api.messages.topics.handler(({ input, context }) => siteOf(context).messaging.topics(input.run, input.after)),
  payload: api.messages.payload.handler(({ input, context }) => siteOf(context).messaging.payload(input.n, input.at)),
  journal: api.messages.journal.handler(async ({ input, context }) => {
    const { rows, more } = await siteOf(context).messaging.journal(input)
    return { rows: [...rows], more }
  }),
  quarantine: api.messages.quarantine.handler(({ input, context }) => {
    const { rows, more } = siteOf(context).messaging.quarantine(input)
    return { rows: [...rows], more }
  }),
  sendQuarantined: api.messages.sendQuarantined.handler(({ input, context }) =>
    siteOf(context).messaging.sendQuarantined(input.choice, input.payload, context.cause),
  ),
  discardQuarantined: api.messages.discardQuarantined.handler(({ input, context }) =>
    siteOf(context).messaging.discardQuarantined(input.choice, context.cause),
  ),
  settleWaiting: api.messages.settleWaiting.handler(({ input, context }) =>
    siteOf(context).messaging.settleWaiting(input.seq, input.what, context.cause),
  ),
  outbox: api.messages.outbox.handler(({ input, context }) => siteOf(context).messaging.outbox(input)),
}
