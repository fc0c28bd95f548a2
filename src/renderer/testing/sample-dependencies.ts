import type { DependencyView } from '#shared/contract/index.ts'
import { minute } from './sample-entities.ts'

/** Three dependencies: one well, one whose breaker is open, one that an operator keeps calls away from. */
export function sampleDependencies(now: number): readonly DependencyView[] {
  return [
    dependency(now, 'calendar', {
      title: 'Faculty calendar',
      url: 'https://calendar.example.edu/api',
      users: [{ service: 'api', required: true }],
    }),
    dependency(now, 'model', {
      title: 'Model API',
      url: 'https://api.example.com/v1',
      state: 'open',
      since: now - 12_000,
      sentence:
        '5 calls in a row failed. The last error: no answer from api.example.com:443 within 30 s. Calls get the fallback until it is tried again.',
      nextTryAt: now + 18_000,
      fallback: true,
      users: [
        { service: 'api', required: false },
        { service: 'kiosk', required: false },
      ],
      figures: {
        calls: 1_204,
        ends: { answered: 1_148, fallback: 51, failed: 0, abandoned: 4, refused: 1 },
        tries: { total: 1_190, failed: 42, repeated: 28 },
        kept: { open: 39, busy: 0 },
        perSecond: 0.4,
        p50: 812,
        p99: 4_310,
        lastError: { at: now - 12_000, sentence: 'no answer from api.example.com:443 within 30 s' },
      },
      troubled: [
        {
          at: now - 3_000,
          requestId: 'rq-7k2m9q4tx0bn5rwd',
          caller: 'api',
          method: 'POST',
          path: '/v1/chat/completions',
          ms: 0,
          end: 'fallback',
          sentence: 'its breaker is open',
        },
        {
          at: now - 12_000,
          requestId: 'rq-0bn5rwd7k2m9q4tx',
          caller: 'kiosk',
          method: 'POST',
          path: '/v1/chat/completions',
          ms: 30_004,
          end: 'fallback',
          sentence: 'no answer from api.example.com:443 within 30 s',
        },
      ],
      check: {
        what: 'GET /health',
        everyMs: 30_000,
        last: { at: now - 8_000, ok: false, sentence: 'no answer from api.example.com:443 within 5 s', ms: 5_001 },
      },
    }),
    dependency(now, 'sms', {
      title: 'SMS gateway',
      url: 'http://10.0.0.12:8080',
      state: 'isolated',
      since: now - 42 * minute,
      sentence: 'An operator keeps calls away from it. Calls are refused until it is reset.',
      users: [],
    }),
  ]
}

function dependency(now: number, id: string, rest: Partial<DependencyView>): DependencyView {
  return {
    id,
    title: id,
    url: `http://${id}.example`,
    state: 'closed',
    since: now - 50 * minute,
    sentence: 'It answers.',
    problem: null,
    rule: 'opens after 5 failures in a row, tries again after 30 s, closes after 2 successes',
    nextTryAt: null,
    failuresInARow: 0,
    underWay: 0,
    concurrency: 32,
    attempts: 3,
    timeoutMs: 30_000,
    fallback: false,
    users: [],
    figures: {
      calls: 310,
      ends: { answered: 309, fallback: 0, failed: 0, abandoned: 1, refused: 0 },
      tries: { total: 311, failed: 1, repeated: 1 },
      kept: { open: 0, busy: 0 },
      perSecond: 0.1,
      p50: 41,
      p99: 190,
      lastError: null,
    },
    troubled: [],
    check: {
      what: 'a connection is opened',
      everyMs: 30_000,
      last: { at: now - 11_000, ok: true, sentence: 'the connection was taken in 9 ms', ms: 9 },
    },
    ...rest,
  }
}
