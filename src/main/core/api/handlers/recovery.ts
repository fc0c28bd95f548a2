import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const recoveryHandlers = {
  history: api.recovery.history.handler(({ input, context }) => {
    const { attempts, more } = siteOf(context).recovery.history(input)
    return { attempts: [...attempts], more }
  }),
  preview: api.recovery.preview.handler(({ input, context }) => siteOf(context).recovery.preview(input)),
  run: api.recovery.run.handler(({ input, context }) => siteOf(context).recovery.run(input, context.cause)),
  switch: api.recovery.switch.handler(({ input, context }) => {
    siteOf(context).recovery.switch(input.policy, input.on, context.cause)
    return {}
  }),
}
