import { siteOf } from '../context.ts'
import type { OpenStream } from './stream.ts'

/** A job's log from its beginning; ends with the job. */
export const jobLogStream: OpenStream<{ readonly job: string }> = (params, host) => {
  const { jobs } = siteOf(host.context)
  let position = 0
  const logged = jobs.onLogged((job) => {
    if (job === params.job) host.ready()
  })
  const changed = host.context.console.state.onRevision(({ slices }) => {
    if (slices.jobs && params.job in slices.jobs) host.ready()
  })
  return {
    take() {
      const { lines, next } = jobs.logFrom(params.job, position)
      const skipped = next - position - lines.length
      position = next
      if (lines.length > 0 || skipped > 0) return { items: lines, skipped }
      if (jobs.get(params.job)?.state !== 'running') host.end(null)
      return undefined
    },
    [Symbol.dispose]: () => {
      logged[Symbol.dispose]()
      changed[Symbol.dispose]()
    },
  }
}
