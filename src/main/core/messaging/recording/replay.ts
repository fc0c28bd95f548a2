import type { JobContext, JobOutcome, JobRequest } from '#core/jobs/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { Store } from '#core/store/index.ts'
import type { Pace, RecordedRow, Replay, ReplayPlan } from '#shared/contract/recordings.ts'
import type { TrafficView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { mistakeInTopic } from '../topic-filter.ts'
import type { RecorderPort } from '../types.ts'
import { recordedPage, type TopicGroup, topicsOf } from './recorded-page.ts'
import type { RecordingRow } from './recording-book.ts'
import { brokerFor, prefixedTopic, replayedMessage } from './replayed.ts'

/** Messages that go to the broker together, and their bytes; the next wait until it has them. */
const batchMessages = 250
const batchBytes = 512 * 1024

/** Messages that are due within this much of each other go together. */
const togetherMs = 20

/** Topics that a plan names. */
const namedTopics = 50

/** Longest silence between two messages that is kept: a night without messages need not be sat out. */
const longestSilenceMs = 60_000

/** How often it is noted how far a replay has come, for after a crash. */
const noteMs = 1_000

export interface ReplayPorts {
  readonly store: Pick<Store, 'messages'>
  readonly recorder: RecorderPort
  readonly state: StateHub
  readonly clock: Clock
}

/** What a replay will publish, and what follows from it. */
export async function planReplay(ports: ReplayPorts, row: RecordingRow, request: Replay): Promise<ReplayPlan> {
  const { topics, groups } = await topicsOf(ports.store.messages, row.id, request.filter)
  const messages = topics.reduce((all, topic) => all + topic.messages, 0)
  const retained = topics.reduce((all, topic) => all + topic.retained, 0)
  const to = topics.map(({ topic, messages: count }) => ({
    topic: prefixedTopic(request.prefix, topic),
    messages: count,
  }))
  const lastsMs = lasts(groups, messages, request.pace)
  const links = linksOf(ports)
  const brokers = brokersOf(groups, request, links)
  const where = links.length > 1 ? ` on ${brokers.map(({ broker }) => broker).join(' and ')}` : ''
  return {
    sentence: `Publishes ${messages} messages of ${row.name} to ${to.length} ${to.length === 1 ? 'topic' : 'topics'}${request.prefix === '' ? ', the very ones they came from' : ` below ${request.prefix}`}${where}, ${paceWords(request.pace)}.`,
    messages,
    retained,
    topics: to.slice(0, namedTopics),
    moreTopics: Math.max(0, to.length - namedTopics),
    brokers,
    lastsMs,
    warnings: [
      ...(request.prefix === ''
        ? ['Services and devices that listen to these topics act on the messages as if they came from the site now.']
        : []),
      'Routes that match these topics take the messages in: journals, channels and other topics get them too.',
      ...(retained > 0
        ? [`${retained} of them are retained: they take the place of what the broker keeps for those topics.`]
        : []),
      ...lossWarning(row, request, messages),
      ...brokerWarnings(groups, request, links),
    ],
    refusal: refusalOf(row, request, messages, to, brokers, links),
    commandLine: commandLineOf(request),
  }
}

export function replayRequest(row: RecordingRow, request: Replay, plan: ReplayPlan, cause: Cause): JobRequest {
  return {
    kind: 'recording.replay',
    subject: 'site',
    title: `Replay ${row.name}`,
    steps: [{ id: 'publish', title: 'Publish the messages' }],
    cause,
    commandLine: plan.commandLine,
    input: { ...request },
    lane: 'replay',
    cancellable: true,
  }
}

/** Publishes the messages of a recording in their order at the pace that was asked for. */
export async function runReplay(
  ports: ReplayPorts,
  row: RecordingRow,
  request: Replay,
  plan: ReplayPlan,
  context: JobContext,
): Promise<JobOutcome> {
  let sent = 0
  let noted = Number.NEGATIVE_INFINITY
  await context.step('publish', async () => {
    const pacer = new Pacer(request.pace, ports.clock)
    for await (const batch of batchesOf(ports, row, request, pacer, context.signal)) {
      await waitUntil(ports.clock, batch.due, context.signal)
      const brokers = linksOf(ports).map(({ broker }) => broker)
      const ground = { request, brokers, name: context.id, now: ports.clock.wall() }
      const result = await ports.recorder.replay(batch.rows.map((row) => replayedMessage(row, ground)))
      sent += result.sent
      context.progress(sent, plan.messages, 'messages')
      if (ports.clock.monotonic() - noted >= noteMs) {
        noted = ports.clock.monotonic()
        // A replay does not wait for it; what cannot be noted is told as less after a crash.
        void context.remember({ ...request, sent, of: plan.messages }).catch(() => {})
      }
      if (result.problem) {
        const { code, message, remedy } = result.problem
        throw new ConsoleError(code, `${message} ${sent} of ${plan.messages} messages were replayed.`, remedy, {
          retryable: true,
        })
      }
    }
  })
  return { message: `${sent} messages of ${row.name} were replayed.`, data: { sent } }
}

/** What became of a replay that the console did not live to finish; `input` is what it noted. */
export function replayCutOff({ sent, of }: Readonly<Record<string, unknown>>): string {
  const again = 'Replay it again if the rest is still wanted.'
  if (typeof sent !== 'number' || typeof of !== 'number') {
    return `How many messages were published is not known: it was within its first second. ${again}`
  }
  return `At least ${sent.toLocaleString('en')} of its ${of.toLocaleString('en')} messages were published, and those of about a second more. ${again}`
}

interface Batch {
  readonly rows: readonly RecordedRow[]
  /** When it goes, by the monotonic clock. */
  readonly due: number
}

/** The messages in groups that go together, each with its time. */
async function* batchesOf(
  { store, clock }: ReplayPorts,
  row: RecordingRow,
  { filter }: Replay,
  pacer: Pacer,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  let after: number | null = 0
  let rows: RecordedRow[] = []
  let bytes = 0
  let due = 0
  while (after !== null) {
    signal.throwIfAborted()
    const page = await recordedPage(store.messages, { recording: row.id, after, filter, text: '', limit: 1_000 }, () =>
      clock.monotonic(),
    )
    for (const message of page.rows) {
      const time = pacer.next(message.at)
      const full = rows.length >= batchMessages || bytes >= batchBytes || time > due + togetherMs
      if (full && rows.length > 0) {
        yield { rows, due }
        rows = []
        bytes = 0
      }
      if (rows.length === 0) due = time
      rows.push(message)
      bytes += message.bytes
    }
    after = page.next
  }
  if (rows.length > 0) yield { rows, due }
}

/** When each message is due, counted from the first. A clock that went back while it was recorded makes no pause. */
class Pacer {
  readonly #pace: Pace
  readonly #begun: number
  #count = 0
  #before: number | null = null
  #passed = 0

  constructor(pace: Pace, clock: Clock) {
    this.#pace = pace
    this.#begun = clock.monotonic()
  }

  next(at: number): number {
    if (this.#pace.kind === 'rate') return this.#begun + (this.#count++ * 1_000) / this.#pace.perSecond
    const gap = this.#before === null ? 0 : Math.min(longestSilenceMs, Math.max(0, at - this.#before))
    this.#before = at
    this.#passed += gap / this.#pace.factor
    return this.#begun + this.#passed
  }
}

async function waitUntil(clock: Clock, due: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const ms = due - clock.monotonic()
  if (ms <= 0) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  const timer = clock.after(ms, resolve)
  try {
    await promise
  } finally {
    timer[Symbol.dispose]()
    signal.removeEventListener('abort', abort)
  }
}

/** What a recording says that it holds and does not. */
function lossWarning(row: RecordingRow, { filter }: Pick<Replay, 'filter'>, messages: number): string[] {
  if (filter !== '#' || messages >= row.messages) return []
  const gone = row.messages - messages
  return [
    `${gone} of its ${row.messages} messages are no longer in the database: something else has deleted them, or they were lost with damage.`,
  ]
}

type Link = TrafficView['links'][number]

function linksOf({ state }: ReplayPorts): readonly Link[] {
  return state.slice('traffic').get('traffic')?.links ?? []
}

/** How many messages go to each broker, the most first. */
function brokersOf(groups: readonly TopicGroup[], { broker: asked }: Replay, links: readonly Link[]) {
  const ids = links.map(({ broker }) => broker)
  const counts = new Map<string, number>()
  for (const { broker, messages } of groups) {
    const to = brokerFor(broker ?? undefined, asked, ids) ?? ids[0]
    if (to !== undefined) counts.set(to, (counts.get(to) ?? 0) + messages)
  }
  return [...counts]
    .map(([broker, messages]) => ({ broker, messages }))
    .toSorted((one, other) => other.messages - one.messages)
}

function brokerWarnings(groups: readonly TopicGroup[], { broker: asked }: Replay, links: readonly Link[]): string[] {
  const ids = links.map(({ broker }) => broker)
  const unknown = groups.filter(({ broker }) => broker !== null && !ids.includes(broker))
  const strangers = [...new Set(unknown.map(({ broker }) => broker))]
  const own = links.find(({ embedded }) => embedded)?.broker
  const toOwn = groups.filter(({ broker }) => (brokerFor(broker ?? undefined, asked, ids) ?? ids[0]) === own)
  const bare = toOwn.reduce((all, { withProperties }) => all + withProperties, 0)
  return [
    ...(asked === undefined && strangers.length > 0
      ? [`This site has no broker ${strangers.join(', ')}: what came from there goes to ${ids[0] ?? 'the first'}.`]
      : []),
    ...(own !== undefined && bare > 0
      ? [`${bare} of them brought properties, which ${own} cannot pass on, as it speaks MQTT 3.1.1.`]
      : []),
  ]
}

function refusalOf(
  row: RecordingRow,
  { prefix, broker, filter }: Replay,
  messages: number,
  to: readonly { readonly topic: string }[],
  brokers: readonly { readonly broker: string }[],
  links: readonly Link[],
): string | null {
  if (row.state !== 'complete') return `${row.name} is not complete yet: stop it first.`
  if (messages === 0) return lossWarning(row, { filter }, messages)[0] ?? 'There is no message to replay.'
  if (prefix.startsWith('$')) return 'Topics that begin with $ belong to the broker.'
  const wrong = to.find(({ topic }) => mistakeInTopic(topic) || topic.startsWith('$'))
  if (wrong) return `"${wrong.topic}" is not a topic to publish to.`
  if (broker !== undefined && !links.some((link) => link.broker === broker)) {
    return `This site has no broker “${broker}”.`
  }
  const away = links.filter((link) => link.state !== 'connected' && brokers.some((one) => one.broker === link.broker))
  if (away.length === 0 && links.length > 0) return null
  return `The router is not connected to ${links.length > 1 ? `the broker ${away.map((link) => link.broker).join(', ')}` : 'the broker'}.`
}

/** About how long it takes: silences of more than a minute are cut to one. */
function lasts(groups: readonly TopicGroup[], messages: number, pace: Pace): number {
  if (pace.kind === 'rate') return (messages * 1_000) / pace.perSecond
  const first = groups.reduce((least, group) => Math.min(least, group.first), Number.POSITIVE_INFINITY)
  const last = groups.reduce((most, group) => Math.max(most, group.last), first)
  return groups.length === 0 ? 0 : (last - first) / pace.factor
}

function paceWords(pace: Pace): string {
  if (pace.kind === 'rate') return `${pace.perSecond} a second`
  return pace.factor === 1 ? 'at the pace at which they came' : `${pace.factor} times as fast as they came`
}

function commandLineOf({ recording, filter, prefix, pace, broker }: Replay): string {
  const quoted = (text: string) => (/^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
  return [
    `wheelhouse recording replay ${recording}`,
    pace.kind === 'rate' ? `--rate ${pace.perSecond}` : pace.factor === 1 ? '' : `--faster ${pace.factor}`,
    filter === '#' ? '' : `--filter ${quoted(filter)}`,
    prefix === '' ? '' : `--prefix ${quoted(prefix)}`,
    broker === undefined ? '' : `--broker ${quoted(broker)}`,
  ]
    .filter((part) => part !== '')
    .join(' ')
}
