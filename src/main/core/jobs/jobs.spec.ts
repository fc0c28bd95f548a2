import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { silentLogger } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { openStore } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { builtPrograms, testRuntime } from '../../../../test/support/runtime.ts'
import { until } from '../../../../test/support/until.ts'
import { type JobContext, type JobOutcome, type JobRequest, jobsSchema, openJobs } from './index.ts'

const operator: Cause = { type: 'operator', via: 'window' }
const done = async (): Promise<JobOutcome> => ({ message: 'All is well.' })

const request = (more: Partial<JobRequest> = {}): JobRequest => ({
  kind: 'backup.create',
  subject: 'site',
  title: 'Back up the lab',
  steps: [
    { id: 'read', title: 'Read the files' },
    { id: 'write', title: 'Write the snapshot' },
  ],
  cause: operator,
  commandLine: 'wheelhouse backup',
  input: { note: 'first' },
  lane: 'backup',
  cancellable: true,
  ...more,
})

async function openAll(directory: string) {
  const clock = new ManualClock()
  const common = { clock, logger: silentLogger }
  const schemas = { control: [eventsSchema, jobsSchema], messages: [] }
  const store = await openStore({ directory, schemas, runtime: testRuntime(), ...common })
  const hub = openStateHub(common)
  const events = openEventLog({ database: store.control, ...common })
  const jobs = await openJobs({ database: store.control, events, state: hub.slice('jobs'), ...common })
  const close = async () => {
    await jobs[Symbol.asyncDispose]()
    await events[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    hub[Symbol.dispose]()
  }
  const kinds = async () => {
    await events.settled()
    return (await events.page({ after: 0, limit: 100 })).events.map(({ kind }) => kind)
  }
  return { clock, store, hub, events, jobs, close, kinds, shown: () => hub.slice('jobs').all() }
}

async function opened() {
  const folder = temporaryFolder()
  const all = await openAll(folder.path)
  onTestFinished(async () => {
    await all.close()
    folder[Symbol.dispose]()
  })
  return all
}

/** A job body that waits until it is let go, or is aborted. */
function held() {
  const { promise, resolve } = Promise.withResolvers<void>()
  const started = Promise.withResolvers<JobContext>()
  const run = async (context: JobContext): Promise<JobOutcome> => {
    started.resolve(context)
    await Promise.race([
      promise,
      new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason))),
    ])
    return { message: 'Let go.' }
  }
  return { run, letGo: () => resolve(), started: started.promise }
}

test('a job goes through its steps and ends with its outcome, its marker, its log and its two events', async () => {
  const { jobs, events, kinds, shown } = await opened()
  const view = await jobs.start(request(), async (job) => {
    expect(job.operation).toBe(job.id)
    await job.step('read', async () => job.log('1 file\n2 files'))
    const seen = await job.step('write', async () => jobs.get(job.id)?.steps.map(({ state }) => state))
    return { message: 'Backed up 2 files.', data: { seen } }
  })
  expect(view).toMatchObject({ state: 'running', commandLine: 'wheelhouse backup', cause: operator })
  const final = await jobs.finished(view.id)
  expect(final).toMatchObject({
    state: 'completed',
    message: 'Backed up 2 files.',
    data: { seen: ['done', 'running'] },
  })
  expect(final.steps.map(({ state }) => state)).toEqual(['done', 'done'])
  expect(jobs.get(view.id)).toEqual(final)
  expect(jobs.log(view.id)).toEqual(['1 file', '2 files'])
  expect(shown()[view.id]).toEqual(final)
  expect(await kinds()).toEqual(['job.started', 'job.completed'])
  const [started, completed] = (await events.page({ operation: view.id, after: 0, limit: 9 })).events
  expect(started).toMatchObject({ subject: `job:${view.id}`, cause: operator })
  expect(completed).toMatchObject({ cause: { type: 'event', id: started?.id }, message: 'Backed up 2 files.' })
})

test('the record and its event are durable before the job starts', async () => {
  const { jobs, store, events } = await opened()
  let found: unknown
  let caused: unknown
  const { id } = await jobs.start(request(), async (job) => {
    found = store.control.get({ sql: 'SELECT input FROM jobs WHERE id = ?', values: [job.id] })
    caused = job.cause.type === 'event' && events.byId(job.cause.id)?.kind
    return await done()
  })
  await jobs.finished(id)
  expect(found).toEqual({ input: '{"note":"first"}' })
  expect(caused).toBe('job.started')
})

test('a failure names the step, keeps the remedy, and skips what was to come', async () => {
  const { jobs, events, kinds } = await opened()
  const { id } = await jobs.start(request(), async (job) => {
    await job.step('read', async () => {
      throw new ConsoleError('disk-full', 'The disk of /data is full.', 'Make room on it.')
    })
    return await done()
  })
  const final = await jobs.finished(id)
  expect(final).toMatchObject({
    state: 'failed',
    message: '"Back up the lab" failed at "Read the files": The disk of /data is full.',
    remedy: 'Make room on it.',
    data: { problem: { code: 'disk-full' } },
  })
  expect(final.steps.map(({ state }) => state)).toEqual(['failed', 'skipped'])
  expect(jobs.log(id).at(-1)).toBe(final.message)
  expect(await kinds()).toEqual(['job.started', 'job.failed'])
  expect((await events.page({ kind: 'job.failed', limit: 1 })).events[0]?.severity).toBe('error')
})

test('a fault of the console ends the job as failed too, with a remedy', async () => {
  const { jobs } = await opened()
  const { id } = await jobs.start(request(), async () => {
    throw new TypeError('x is undefined')
  })
  const final = await jobs.finished(id)
  expect(final).toMatchObject({ state: 'failed', message: '"Back up the lab" failed: x is undefined' })
  expect(final.remedy).toContain('fault of the console')
})

test('a second job of a lane is refused naming the first; other lanes and no lane are free; the lane is free afterwards', async () => {
  const { jobs } = await opened()
  const body = held()
  const first = await jobs.start(request(), body.run)
  await expect(jobs.start(request({ title: 'Restore' }), done)).rejects.toMatchObject({
    problem: {
      code: 'job-busy',
      params: { job: first.id },
      message: expect.stringContaining('"Back up the lab" runs'),
    },
  })
  await jobs.finished((await jobs.start(request({ lane: 'services' }), done)).id)
  await jobs.finished((await jobs.start(request({ lane: null }), done)).id)
  expect(jobs.running().map(({ id }) => id)).toEqual([first.id])
  body.letGo()
  await jobs.finished(first.id)
  await jobs.finished((await jobs.start(request(), done)).id)
})

test('two jobs of a lane started in the same breath: one runs, one is refused', async () => {
  const { jobs } = await opened()
  const outcomes = await Promise.allSettled([jobs.start(request(), done), jobs.start(request(), done)])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
})

test('cancel aborts the job, which ends as cancelled, caused by whoever cancelled it', async () => {
  const { jobs, events } = await opened()
  const body = held()
  const { id } = await jobs.start(request(), body.run)
  await body.started
  await jobs.cancel(id, { type: 'operator', via: 'command line' })
  expect(await jobs.finished(id)).toMatchObject({ state: 'cancelled', message: '"Back up the lab" was cancelled.' })
  await events.settled()
  const [event] = (await events.page({ kind: 'job.cancelled', limit: 1 })).events
  expect(event?.cause).toEqual({ type: 'operator', via: 'command line' })
  await expect(jobs.cancel(id, operator)).rejects.toMatchObject({ problem: { code: 'job-not-cancellable' } })
  await expect(jobs.cancel('jb-none', operator)).rejects.toMatchObject({ problem: { code: 'job-unknown' } })
})

test('past its point of no return, or when it never could be, a job is not cancelled and says why', async () => {
  const { jobs } = await opened()
  const body = held()
  const { id } = await jobs.start(request(), (job) => {
    job.noReturn('files are being swapped.')
    return body.run(job)
  })
  await expect(jobs.cancel(id, operator)).rejects.toMatchObject({
    problem: {
      code: 'job-not-cancellable',
      message: '"Back up the lab" cannot be cancelled: files are being swapped.',
    },
  })
  const never = held()
  const fixed = await jobs.start(request({ lane: null, cancellable: false }), never.run)
  await expect(jobs.cancel(fixed.id, operator)).rejects.toMatchObject({ problem: { code: 'job-not-cancellable' } })
  body.letGo()
  never.letGo()
  expect(await jobs.finished(id)).toMatchObject({ state: 'completed', noReturn: 'files are being swapped.' })
})

test('a job that was cancelled does not get past its point of no return', async () => {
  const { jobs } = await opened()
  const gate = Promise.withResolvers<void>()
  let swapped = false
  const { id } = await jobs.start(request(), async (job) => {
    await gate.promise
    job.noReturn('files are being swapped.')
    swapped = true
    return await done()
  })
  await jobs.cancel(id, operator)
  gate.resolve()
  expect(await jobs.finished(id)).toMatchObject({ state: 'cancelled' })
  expect(swapped).toBe(false)
})

test('progress is shown at once and then four times a second at most, its last value included', async () => {
  const { jobs, hub, clock } = await opened()
  const body = held()
  const { id } = await jobs.start(request(), body.run)
  const job = await body.started
  let shown = 0
  let last: number | undefined
  const slice = hub.slice('jobs')
  for (let file = 1; file <= 1000; file++) {
    job.progress(file, 1000, 'files')
    await clock.advance(1)
    const now = slice.get(id)?.progress?.done
    if (now !== last) shown++
    last = now
  }
  await clock.advance(250)
  expect(shown).toBeLessThanOrEqual(5)
  expect(shown).toBeGreaterThanOrEqual(3)
  expect(slice.get(id)?.progress).toEqual({ done: 1000, total: 1000, unit: 'files' })
  body.letGo()
  expect((await jobs.finished(id)).progress).toBeNull()
})

test('the newest 2,000 lines of a log are kept, and who follows it misses none', async () => {
  const { jobs } = await opened()
  const followed: string[] = []
  let position = 0
  const follow = (id: string) => {
    const { lines, next } = jobs.logFrom(id, position)
    followed.push(...lines)
    position = next
  }
  jobs.onLogged(follow)
  const { id } = await jobs.start(request(), async (job) => {
    for (let line = 1; line <= 2500; line++) job.log(`line ${line}`)
    job.log('x'.repeat(5000))
    return await done()
  })
  await jobs.finished(id)
  expect(jobs.log(id)).toHaveLength(2000)
  expect(jobs.log(id)[0]).toBe('line 502')
  expect(jobs.log(id).at(-1)).toMatch(/^x{2000}… \(cut\)$/)
  expect(followed).toHaveLength(2501)
  expect(jobs.logFrom(id, 2499).lines).toHaveLength(2)
})

test('the state shows the newest 30 finished jobs, and the newest 200 are kept', async () => {
  const { jobs, store, shown, clock } = await opened()
  const ids: string[] = []
  for (let n = 0; n < 205; n++) {
    const { id } = await jobs.start(request({ steps: [] }), done)
    await jobs.finished(id)
    ids.push(id)
    clock.jumpWall(1000)
  }
  expect(Object.keys(shown()).sort()).toEqual(ids.slice(-30).sort())
  expect(store.control.get({ sql: 'SELECT count(*) AS jobs FROM jobs' })).toEqual({ jobs: 200 })
  expect(jobs.get(ids[0] ?? '')).toBeUndefined()
  expect(jobs.get(ids[10] ?? '')?.state).toBe('completed')
})

test('closing aborts what runs, waits for it, and takes no more; the next start knows how it ended', async () => {
  using folder = temporaryFolder()
  const first = await openAll(folder.path)
  const body = held()
  const { id } = await first.jobs.start(request(), body.run)
  await body.started
  await first.close()
  expect(first.shown()).toEqual({})
  await expect(first.jobs.start(request(), done)).rejects.toMatchObject({ problem: { code: 'site-closing' } })
  const second = await openAll(folder.path)
  expect(second.jobs.interrupted).toEqual([])
  expect(second.jobs.get(id)).toMatchObject({ state: 'cancelled', message: expect.stringContaining('site is closing') })
  expect(second.shown()[id]?.state).toBe('cancelled')
  await second.close()
})

test('closing does not abort a job past its point of no return but waits, up to its deadline', async () => {
  using folder = temporaryFolder()
  const first = await openAll(folder.path)
  const body = held()
  const { id } = await first.jobs.start(request(), (job) => {
    job.noReturn('files are being swapped.')
    return body.run(job)
  })
  const stuck = await first.jobs.start(request({ lane: null, title: 'Stuck' }), (job) => {
    job.noReturn('it hangs.')
    return new Promise(() => {})
  })
  const job = await body.started
  const closing = first.close()
  await first.clock.advance(5_000)
  expect(job.signal.aborted).toBe(false)
  body.letGo()
  expect(await first.jobs.finished(id)).toMatchObject({ state: 'completed' })
  await first.clock.advance(5_000)
  await closing
  const second = await openAll(folder.path)
  expect(second.jobs.interrupted.map(({ view }) => view.id)).toEqual([stuck.id])
  await second.close()
})

test('kill -9 while a job runs: the next start finds it interrupted with what it remembered, and its owner ends it', async () => {
  using folder = temporaryFolder()
  const id = await killedInJob(folder.path)
  {
    const { jobs, shown, close, kinds } = await openAll(folder.path)
    const [job, ...others] = jobs.interrupted
    expect(others).toEqual([])
    expect(job?.view).toMatchObject({ id, state: 'interrupted', endedAt: null })
    expect(job?.view.steps.map(({ state }) => state)).toEqual(['done', 'running'])
    expect(job?.input).toEqual({ note: 'swap begun' })
    expect(jobs.log(id)).toEqual(['the last words'])
    expect(shown()[id]?.state).toBe('interrupted')
    expect((await kinds()).at(-1)).toBe('job.interrupted')
    await close()
  }
  // Not resolved: found again, told once.
  const { jobs, events, close, kinds } = await openAll(folder.path)
  const finished = jobs.finished(id)
  await jobs.interrupted[0]?.resolve('failed', { message: 'The restore was undone.' })
  await jobs.interrupted[0]?.resolve('completed', { message: 'never told' })
  expect(await finished).toMatchObject({ state: 'failed', message: 'The restore was undone.' })
  expect((await kinds()).filter((kind) => kind !== 'job.started')).toEqual(['job.interrupted', 'job.failed'])
  expect((await events.page({ kind: 'job.failed', limit: 1 })).events[0]?.operation).toBe(id)
  await close()
  const third = await openAll(folder.path)
  expect(third.jobs.interrupted).toEqual([])
  expect(third.jobs.log(id)).toEqual(['the last words', 'The restore was undone.'])
  await third.close()
})

/** A console in another process that is killed in the second step of a job; resolves with the job's id. */
async function killedInJob(directory: string): Promise<string> {
  const script = `
    const [platform, store, state, events, jobs] = await Promise.all(JSON.parse(process.argv[1]).map((url) => import(url)))
    const common = { clock: platform.systemClock(), logger: platform.silentLogger }
    const opened = await store.openStore({ directory: process.argv[2], runtime: platform.builtRuntime(${JSON.stringify(builtPrograms)}, process.execPath), ...common,
      schemas: { control: [events.eventsSchema, jobs.jobsSchema], messages: [] } })
    const log = events.openEventLog({ database: opened.control, ...common })
    const slice = state.openStateHub(common).slice('jobs')
    const all = await jobs.openJobs({ database: opened.control, events: log, state: slice, ...common })
    await all.start(JSON.parse(process.argv[3]), async (job) => {
      await job.step('read', async () => job.log('the last words'))
      await job.step('write', async () => {
        await job.remember({ note: 'swap begun' })
        console.log(job.id)
        await new Promise((resolve) => setTimeout(resolve, 1e6)) }) })`
  const modules = ['platform', 'store', 'state', 'events', 'jobs'].map(
    (name) => new URL(`../${name}/index.ts`, import.meta.url).href,
  )
  const args = ['--input-type=module', '-e', script, JSON.stringify(modules), directory, JSON.stringify(request())]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let id = ''
  createInterface(child.stdout).on('line', (line) => {
    id = line
  })
  await until('the job has begun its second step', () => id !== '')
  child.kill('SIGKILL')
  await once(child, 'close')
  return id
}
