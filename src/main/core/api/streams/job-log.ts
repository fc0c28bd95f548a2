import { siteOf } from '../context.ts'
import type { OpenStream } from './stream.ts'

/** A job's log from its beginning; ends with the job. Looked at whenever the job's entity changes. */
export const jobLogStream: OpenStream<{ readonly job: string }> = (params, host) => {
  const { jobs } = siteOf(host.context)
  let sent = 0
  const subscription = host.context.console.state.onRevision(({ slices }) => {
    if (slices.jobs && params.job in slices.jobs) host.ready()
  })
  return {
    take() {
      const lines = jobs.log(params.job)
      if (lines.length > sent) {
        const items = lines.slice(sent)
        sent = lines.length
        return { items, skipped: 0 }
      }
      if (jobs.get(params.job)?.state !== 'running') host.end(null)
      return undefined
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}
