import { planView } from '#core/site-versions.ts'
import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const configHandlers = {
  values: api.config.values.handler(({ context }) => siteOf(context).config.values()),
  plan: api.config.plan.handler(async ({ context }) => planView(await siteOf(context).config.plan())),
  apply: api.config.apply.handler(({ context }) =>
    siteOf(context).config.apply(context.cause, 'an operator applied what lies on disk'),
  ),
  set: api.config.set.handler(async ({ input, context }) => {
    await siteOf(context).versions.set(input.path, input.value, context.cause)
    return {}
  }),
  unset: api.config.unset.handler(async ({ input, context }) => {
    await siteOf(context).versions.unset(input.path, context.cause)
    return {}
  }),
  export: api.config.export.handler(({ input, context }) => siteOf(context).config.export(input.format)),
  versions: api.config.versions.handler(({ context }) => ({ versions: siteOf(context).versions.list() })),
  compare: api.config.compare.handler(async ({ input, context }) => ({
    changes: await siteOf(context).versions.compare(input.from, input.to),
  })),
  restore: api.config.restore.handler(async ({ input, context }) => {
    await siteOf(context).versions.restore(input.version, context.cause)
    return {}
  }),
}
