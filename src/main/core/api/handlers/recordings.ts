import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const recordingsHandlers = {
  list: api.recordings.list.handler(({ context }) => ({ recordings: [...siteOf(context).recordings.list()] })),
  start: api.recordings.start.handler(({ input, context }) =>
    siteOf(context).recordings.start({ ...input, cause: context.cause }),
  ),
  stop: api.recordings.stop.handler(async ({ input, context }) => {
    await siteOf(context).recordings.stop(input.recording, context.cause)
    return {}
  }),
  delete: api.recordings.delete.handler(async ({ input, context }) => {
    await siteOf(context).recordings.delete(input.recording, context.cause)
    return {}
  }),
  page: api.recordings.page.handler(({ input, context }) => siteOf(context).recordings.page(input)),
  importBegin: api.recordings.importBegin.handler(({ input, context }) =>
    siteOf(context).recordings.importBegin(input.name),
  ),
  importAdd: api.recordings.importAdd.handler(async ({ input, context }) => ({
    messages: await siteOf(context).recordings.importAdd(input.recording, input.messages),
  })),
  importEnd: api.recordings.importEnd.handler(async ({ input, context }) => {
    await siteOf(context).recordings.importEnd(input.recording, input.messages, context.cause)
    return {}
  }),
  replayPlan: api.recordings.replayPlan.handler(({ input, context }) => siteOf(context).recordings.replayPlan(input)),
  replay: api.recordings.replay.handler(({ input, context }) =>
    siteOf(context).recordings.replay(input, context.cause),
  ),
}
