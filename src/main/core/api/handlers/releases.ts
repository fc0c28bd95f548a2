import { compareReleases, removeRelease, verifyRelease } from '#core/releases/index.ts'
import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const releasesHandlers = {
  list: api.releases.list.handler(async ({ context }) => {
    const { releases } = siteOf(context)
    const shown = context.console.state.slice('releases')
    await releases.refresh()
    return { releases: releases.list().flatMap(({ id }) => shown.get(id) ?? []) }
  }),
  difference: api.releases.difference.handler(({ input, context, signal }) =>
    compareReleases(siteOf(context).releases, input.from, input.to, signal),
  ),
  verify: api.releases.verify.handler(({ input, context }) => {
    const { releases, jobs } = siteOf(context)
    return verifyRelease(releases, jobs, input.release, context.cause)
  }),
  pin: api.releases.pin.handler(async ({ input, context }) => {
    await siteOf(context).releases.pin(input.release, input.pinned, context.cause)
    return {}
  }),
  note: api.releases.note.handler(async ({ input, context }) => {
    await siteOf(context).releases.note(input.release, input.note)
    return {}
  }),
  unmark: api.releases.unmark.handler(async ({ input, context }) => {
    await siteOf(context).releases.unmark(input.release, context.cause)
    return {}
  }),
  remove: api.releases.remove.handler(({ input, context }) => {
    const { releases, jobs } = siteOf(context)
    return removeRelease(releases, jobs, input.release, context.cause)
  }),
}
