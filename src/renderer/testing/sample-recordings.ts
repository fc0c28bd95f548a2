import type { Connection } from '#shared/client/index.ts'
import type { RecordedRow, RecordingView } from '#shared/contract/index.ts'

/** A recording under way, one that ended at its bound, and one that was imported. */
export function sampleRecordings(now: number): Readonly<Record<string, RecordingView>> {
  const bounds = { messages: 1_000_000, bytes: 512 * 1024 ** 2, until: now + 3_600_000 }
  const base = { text: '', state: 'complete', imported: false, lost: 0, gaps: 0, why: null, bounds } as const
  const desks = {
    ...base,
    id: 'r3',
    name: 'Desks this morning',
    filter: 'consultease/faculty/#',
    state: 'recording' as const,
    startedAt: now - 600_000,
    endedAt: null,
    messages: 18_220,
    bytes: 2_100_000,
    gaps: 1,
  }
  const outage = {
    ...base,
    id: 'r2',
    name: 'Outage of Monday',
    filter: '#',
    startedAt: now - 90_000_000,
    endedAt: now - 86_000_000,
    messages: 1_000_000,
    bytes: 140_000_000,
    lost: 12,
    why: 'It has reached its bound of 1000000 messages.',
  }
  const imported = {
    ...base,
    id: 'r1',
    name: 'From the vendor',
    filter: '#',
    imported: true,
    startedAt: now - 200_000_000,
    endedAt: now - 199_990_000,
    messages: 40,
    bytes: 4_000,
  }
  return { r3: desks, r2: outage, r1: imported }
}

/** The calls about recordings: pages of three hundred messages, and a plan. */
export function recordingCalls(
  done: (call: string, input: unknown) => Promise<Record<never, never>>,
): Connection['calls']['recordings'] {
  const one = async (call: string, input: unknown) => {
    await done(call, input)
    return { recording: 'r4' }
  }
  return {
    list: async () => ({ recordings: [] }),
    start: (input) => one('recordings.start', input),
    stop: (input) => done('recordings.stop', input),
    delete: (input) => done('recordings.delete', input),
    page: async ({ after = 0, text = '', limit }) => {
      const rows = Array.from({ length: limit }, (_, index) => recorded(after + index + 1))
      return { rows: rows.filter(({ payload }) => payload.includes(text)), next: after < 900 ? after + limit : null }
    },
    importBegin: (input) => one('recordings.importBegin', input),
    importAdd: async (input) => {
      await done('recordings.importAdd', input)
      return { messages: input.messages.length }
    },
    importEnd: (input) => done('recordings.importEnd', input),
    replayPlan: async ({ prefix = '', recording }) => ({
      sentence: `Publishes 40 messages of From the vendor to 2 topics${prefix === '' ? ', the very ones they came from' : ` below ${prefix}`}, at the pace at which they came.`,
      messages: 40,
      retained: 4,
      topics: ['desk/1', 'desk/2'].map((topic) => ({
        topic: prefix === '' ? topic : `${prefix}/${topic}`,
        messages: 20,
      })),
      moreTopics: 0,
      brokers: [],
      lastsMs: 60_000,
      warnings: ['Routes that match these topics take the messages in.'],
      refusal: null,
      commandLine: `wheelhouse recording replay ${recording} --prefix ${prefix}`,
    }),
    replay: async (input) => {
      await done('recordings.replay', input)
      return { job: 'job-replay' }
    },
  }
}

function recorded(seq: number): RecordedRow {
  const payload = JSON.stringify({ battery: 100 - (seq % 90), present: seq % 2 === 0 })
  return {
    seq,
    at: 1_764_200_000_000 + seq * 200,
    topic: `consultease/faculty/${seq % 7}/status`,
    qos: 1,
    retain: seq % 7 === 0,
    payload,
    encoding: 'utf8',
    bytes: payload.length,
  }
}
