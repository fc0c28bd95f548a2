import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { controlSocketPath } from '#core/platform/index.ts'
import { type Connection, greet } from '#shared/client/index.ts'
import { dialControlSocket } from '../src/main/console/control-client.ts'
import { openTestConsole } from '../test/support/test-console.ts'
import { HelperBackups, type Run } from './backup-helper.ts'
import { type BackupPeer, openPeer, peers, readAll, settle } from './backup-peers.ts'
import { changeDatabase, generateSite, largeSite, manyFiles } from './backup-site.ts'
import { type BenchContext, type Benchmark, type Measurement, median, quantile } from './benchmark.ts'

const MB = 1_000_000
/** How the tasks compare with the peer’s, at most. */
const bars = { full: 1, unchanged: 0.5, restore: 1, verify: 1 } as const

type Task = keyof typeof bars
const tasks: readonly Task[] = ['full', 'unchanged', 'restore', 'verify']
type Times = Record<Task, number[]>

const benchmark: Benchmark = {
  what: 'Backups of a generated site of 650 MB in 10,000 files (code, docs, logs, 150 MB that no compression makes smaller, a 90 MB SQLite database), by the helper process as the console starts it, from its start to its answer, against peers in turn: full (read back, the database copied through SQLite and checked), unchanged, restore (planned, staged, synced to disk and read back, up to the swap), verification of every byte. And 100,000 small files; a changed database; a sparse file of 5 GiB; an operator’s action during a full backup.',
  peers,
  parts: [...tasks, 'many', 'database', 'sparse', 'operator'],
  async run(context) {
    const { note, wants } = context
    note(
      'encrypted here and there; every file is in the page cache and nothing waits to be written before each turn, for all of them',
    )
    return [
      ...(tasks.some(wants) ? await large(context) : []),
      ...(wants('many') ? await many(context) : []),
      ...(wants('database') ? await database(context) : []),
      ...(wants('sparse') ? await sparse(context) : []),
      ...(wants('operator') ? await operator(context) : []),
    ]
  },
}
export default benchmark

/** The site of the bars, made when it is first asked for. */
function largeSiteIn({ folder, note }: Pick<BenchContext, 'folder' | 'note'>): string {
  const site = join(folder, 'site')
  if (existsSync(site)) return site
  note('generating the site')
  generateSite(site, largeSite)
  return site
}

/** The site of the bars: each round everybody begins with an empty repository. */
async function large(context: BenchContext): Promise<Measurement[]> {
  const { folder, note, rounds } = context
  const site = largeSiteIn(context)
  // Without a full backup there is nothing to measure the others on.
  const wanted = tasks.filter((task) => task === 'full' || context.wants(task))
  const restored = (by: string, round: number) => join(folder, `restored-${by}-${round}`)
  const ours: Times = noTimes()
  const theirs = new Map<string, { readonly times: Times; size: number }>()
  let peak = 0
  let size = 0
  let reserve = 0
  // Nothing is removed before the end: ext4 takes long to make new files where many were deleted just before.
  for (let round = 1; round <= rounds; round++) {
    readAll(site)
    const own = join(folder, `ours-${round}`)
    const backups = new HelperBackups(site, own)
    await backups.init()
    const take = async (task: Task, run: () => Promise<Run<unknown>>) => {
      if (!wanted.includes(task)) return
      settle(folder)
      const { ms, peak: most } = await run()
      ours[task].push(ms)
      peak = Math.max(peak, most)
    }
    let snapshot = ''
    await take('full', async () => {
      const run = await backups.backUp()
      snapshot = run.value.snapshot
      return run
    })
    await take('unchanged', async () =>
      middle([await backups.backUp(), await backups.backUp(), await backups.backUp()]),
    )
    await take('restore', () => backups.restore(snapshot, restored('ours', round)))
    await take('verify', () => backups.verify(snapshot))
    size = backups.size()
    reserve = backups.reserve()
    note(
      `round ${round}, ours: ${shown(ours, wanted)}; ${Math.round(size / MB)} MB; at most ${Math.round(peak / MB)} MB memory`,
    )
    for (const name of context.peers) {
      const peerFolder = join(folder, `${name}-${round}`)
      const peer = openPeer(name, { site, folder: peerFolder }, note)
      if (!peer) continue
      const known = theirs.get(name) ?? { times: noTimes(), size: 0 }
      theirs.set(name, known)
      readAll(site)
      measurePeer(peer, restored(name, round), known.times, wanted)
      known.size = peer.size()
      note(`round ${round}, ${name}: ${shown(known.times, wanted)}; ${Math.round(known.size / MB)} MB`)
    }
  }
  return [
    ...wanted.map((task) => ({ what: `${task}, median`, value: median(ours[task]), unit: 'ms' })),
    { what: 'repository', value: size / MB, unit: 'MB' },
    { what: 'of it space in reserve', value: reserve / MB, unit: 'MB' },
    { what: 'memory of the helper, the most', value: peak / MB, unit: 'MB', bar: { atMost: 400 } },
    ...[...theirs].flatMap(([name, { times, size: theirSize }]) => [
      ...wanted.flatMap((task): Measurement[] => [
        { what: `${name}: ${task}, median`, value: median(times[task]), unit: 'ms' },
        {
          what: `${task}, as a multiple of ${name}, median of pairs`,
          value: median(ours[task].map((ms, index) => ms / (times[task][index] ?? Number.NaN))),
          unit: 'x',
          ...(name === 'restic' && { bar: { atMost: bars[task] } }),
        },
      ]),
      { what: `${name}: repository`, value: theirSize / MB, unit: 'MB' },
      {
        what: `repository, space in reserve included, as a multiple of ${name}`,
        value: size / theirSize,
        unit: 'x',
        ...(name === 'restic' && { bar: { atMost: 1 } }),
      },
    ]),
  ]
}

/** A hundred thousand small files, nothing changed. */
async function many(context: BenchContext): Promise<Measurement[]> {
  const { folder, note, rounds } = context
  note('generating 100,000 small files')
  const site = join(folder, 'many')
  generateSite(site, manyFiles)
  const backups = new HelperBackups(site, join(folder, 'ours-many'))
  await backups.init()
  const first = await backups.backUp()
  const peer = context.peers.includes('restic')
    ? openPeer('restic', { site, folder: join(folder, 'restic-many') }, note)
    : null
  peer?.init()
  peer?.backUp()
  const ours: number[] = []
  const theirs: number[] = []
  let { peak } = first
  for (let round = 0; round < rounds; round++) {
    const run = await backups.backUp()
    ours.push(run.ms)
    peak = Math.max(peak, run.peak)
    if (peer) theirs.push(timed(() => peer.backUp()))
  }
  return [
    { what: '100,000 small files, full', value: first.ms, unit: 'ms' },
    { what: '100,000 small files, unchanged, median', value: median(ours), unit: 'ms' },
    { what: '100,000 small files, memory of the helper, the most', value: peak / MB, unit: 'MB', bar: { atMost: 400 } },
    ...(peer
      ? [
          { what: 'restic: 100,000 small files, unchanged, median', value: median(theirs), unit: 'ms' },
          {
            what: '100,000 small files, unchanged, as a multiple of restic, median of pairs',
            value: median(ours.map((ms, index) => ms / (theirs[index] ?? Number.NaN))),
            unit: 'x',
            bar: { atMost: 1 },
          },
        ]
      : []),
  ]
}

/** What is new in the repository after 200 rows of the 90 MB database were changed here and there. */
async function database(context: BenchContext): Promise<Measurement[]> {
  const { folder, note, peers: wanted } = context
  const site = largeSiteIn(context)
  note('changing rows of the database')
  const backups = new HelperBackups(site, join(folder, 'ours-database'))
  await backups.init()
  await backups.backUp()
  const before = backups.size()
  const peer = wanted.includes('restic')
    ? openPeer('restic', { site, folder: join(folder, 'restic-database') }, note)
    : null
  peer?.init()
  peer?.backUp()
  const theirsBefore = peer?.size() ?? 0
  const rows = changeDatabase(site)
  const run = await backups.backUp()
  const what = `${rows} rows of the 90 MB database changed`
  const theirMs = peer ? timed(() => peer.backUp()) : 0
  return [
    { what: `${what}: new in the repository`, value: (backups.size() - before) / MB, unit: 'MB' },
    { what: `${what}: backup`, value: run.ms, unit: 'ms' },
    ...(peer
      ? [
          { what: `restic: ${what}: new in the repository`, value: (peer.size() - theirsBefore) / MB, unit: 'MB' },
          { what: `restic: ${what}: backup`, value: theirMs, unit: 'ms' },
        ]
      : []),
  ]
}

/** A file of 5 GiB that is nearly all hole. */
async function sparse({ folder, note }: BenchContext): Promise<Measurement[]> {
  note('a sparse file of 5 GiB')
  const site = join(folder, 'sparse')
  generateSite(site, { ...manyFiles, code: { files: 1, bytes: 100 }, docs: { files: 0, bytes: 0 } })
  mkdirSync(join(site, 'data'), { recursive: true })
  const handle = openSync(join(site, 'data', 'disk.img'), 'w')
  ftruncateSync(handle, 5 * 1024 ** 3)
  for (let at = 0; at < 64; at++) writeSync(handle, 'something', at * 80 * 1024 ** 2 + 12_345)
  closeSync(handle)
  const backups = new HelperBackups(site, join(folder, 'ours-sparse'))
  await backups.init()
  const full = await backups.backUp()
  const restored = await backups.restore(full.value.snapshot, join(folder, 'restored'))
  return [
    { what: 'sparse file of 5 GiB: backup', value: full.ms, unit: 'ms' },
    { what: 'sparse file of 5 GiB: restore, read back', value: restored.ms, unit: 'ms' },
    {
      what: 'sparse file of 5 GiB: memory of the helper, the most',
      value: Math.max(full.peak, restored.peak) / MB,
      unit: 'MB',
      bar: { atMost: 400 },
    },
  ]
}

/** A whole console takes a full backup of the large site, while a client of its control socket dismisses cards. */
async function operator(context: BenchContext): Promise<Measurement[]> {
  const { folder, note } = context
  const directory = largeSiteIn(context)
  note('an operator’s actions during a full backup')
  const console = await openTestConsole(folder)
  const delays: number[] = []
  const slowest: { readonly ms: number; readonly at: number }[] = []
  try {
    await console.openInitial({ site: directory, otherwise: 'none', start: false })
    const { site } = console
    if (!site) throw new Error('The site of the benchmark could not be opened.')
    const folders = { data: join(folder, 'user'), runtime: join(folder, 'run', 'wheelhouse') }
    const connection: Connection = await greet(await dialControlSocket(controlSocketPath(folders, site.directory)), {
      client: 'command line',
    })
    const cause = { type: 'console', why: 'benchmark' } as const
    let busy = true
    const started = performance.now()
    const { job } = await connection.calls.backups.create({ kind: 'full', note: '' })
    const ended = site.jobs.finished(job).finally(() => {
      busy = false
    })
    for (let n = 1; busy; n++) {
      const id = `bench:${n}`
      const card = { id, subject: 'site', title: 'A card', why: 'It is there to be dismissed.', fixes: [], cause }
      site.attention.raise({ ...card, severity: 'info', dismissible: true })
      const began = performance.now()
      await connection.calls.attention.dismiss({ id })
      const ms = performance.now() - began
      delays.push(ms)
      slowest.push({ ms, at: began - started })
      site.attention.clear(id, cause)
      await setTimeout(5)
    }
    const { state, message } = await ended
    if (state !== 'completed') throw new Error(message ?? 'the backup did not complete')
    connection.close()
    const told = slowest.sort((a, b) => b.ms - a.ms).slice(0, 8)
    note(
      `the slowest: ${told.map((one) => `${Math.round(one.ms)} ms after ${(one.at / 1_000).toFixed(1)} s`).join(', ')}`,
    )
  } finally {
    await console.close({ services: 'stop' })
  }
  return [
    {
      what: `operator’s action with a durable event during a full backup (${delays.length} actions), p99`,
      value: quantile(delays, 0.99),
      unit: 'ms',
      bar: { atMost: 100 },
    },
  ]
}

function measurePeer(peer: BackupPeer, restored: string, times: Times, wanted: readonly Task[]): void {
  peer.init()
  const measure: Record<Task, () => number> = {
    full: () => timed(() => peer.backUp()),
    unchanged: () => median([1, 2, 3].map(() => timed(() => peer.backUp()))),
    restore: () => timed(() => peer.restore(restored)),
    verify: () => timed(() => peer.verify()),
  }
  for (const task of wanted) {
    settle(dirname(restored))
    times[task].push(measure[task]())
  }
}

function timed(task: () => void): number {
  const began = performance.now()
  task()
  return performance.now() - began
}

/** The run of the middle time, with the most memory of all. */
function middle<T>(runs: readonly Run<T>[]): Run<T> {
  const run = [...runs].sort((a, b) => a.ms - b.ms)[Math.floor(runs.length / 2)]
  if (!run) throw new Error('there is no run')
  return { ...run, peak: Math.max(...runs.map(({ peak }) => peak)) }
}

function noTimes(): Times {
  return { full: [], unchanged: [], restore: [], verify: [] }
}

function shown(times: Times, wanted: readonly Task[]): string {
  return wanted.map((task) => `${task} ${Math.round(times[task].at(-1) ?? Number.NaN)} ms`).join(', ')
}
