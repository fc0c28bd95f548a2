import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { systemClock } from '#core/platform/index.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { targetRig, targetSettings } from '../../../../test/support/target-rig.ts'
import { until } from '../../../../test/support/until.ts'
import { behaviours, upstream } from '../../../../test/support/upstream.ts'

const clock = systemClock()
const fallback = { status: 200, type: 'application/json', body: Buffer.from('{"answer":null}') }

describe('a call that is answered', () => {
  it('is passed on with its path, body and headers, and its answer comes back as it is', async () => {
    await using other = await upstream((response) =>
      response.writeHead(201, { 'x-own': 'yes', connection: 'close' }).end('made'),
    )
    await using rig = await targetRig(targetSettings(`${other.url}/v1`), clock)
    const answer = await rig.call('/chat?temperature=0', {
      method: 'POST',
      body: 'hello',
      headers: { 'x-request-id': 'order-17', accept: 'text/plain' },
    })
    expect([answer.status, await answer.text()]).toEqual([201, 'made'])
    expect(answer.headers.get('x-own')).toBe('yes')
    expect(answer.headers.get('x-request-id')).toBe('order-17')
    expect(answer.headers.get('x-wheelhouse-answer')).toBe('dependency')
    expect(other.seen[0]).toMatchObject({ method: 'POST', url: '/v1/chat?temperature=0', body: 'hello' })
    expect(other.seen[0]?.headers).toMatchObject({ 'x-request-id': 'order-17', accept: 'text/plain' })
    expect(other.seen[0]?.headers.host).toBe(`127.0.0.1:${other.port}`)
  })

  it('carries the headers that the console adds, whatever the caller says', async () => {
    await using other = await upstream()
    await using rig = await targetRig(targetSettings(other.url, { headers: { authorization: 'Bearer s3cret' } }), clock)
    await rig.call('/', { headers: { authorization: 'Bearer mine' } })
    expect(other.seen[0]?.headers.authorization).toBe('Bearer s3cret')
    expect(JSON.stringify(rig.target.figures)).not.toContain('s3cret')
  })

  it('a body of unknown length keeps its bounds: it is never taken for a further request', async () => {
    await using other = await upstream()
    await using rig = await targetRig(targetSettings(other.url, { attempts: 1 }), clock)
    for (const method of ['DELETE', 'POST']) {
      const pieces = ['GET /smuggled HTTP/1.1\r\n', 'host: x\r\n\r\n']
      const body = new ReadableStream({
        pull: (controller) => {
          const piece = pieces.shift()
          if (piece === undefined) controller.close()
          else controller.enqueue(new TextEncoder().encode(piece))
        },
      })
      await rig.call('/jobs', { method, body, duplex: 'half' })
    }
    expect(other.seen.map(({ method, url }) => `${method} ${url}`)).toEqual(['DELETE /jobs', 'POST /jobs'])
    expect(other.seen[0]?.body).toContain('smuggled')
  })

  it('is passed on as it comes: its beginning does not wait for its end', async () => {
    await using other = await upstream((response) => void response.write('first'))
    await using rig = await targetRig(targetSettings(other.url), clock)
    const reader = (await rig.call()).body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('first')
    await reader?.cancel()
  })
})

describe('a call that fails', () => {
  it('is tried three times, and the third answer counts', async () => {
    await using other = await upstream((response) => {
      if (other.seen.length < 3) response.writeHead(503).end('not yet')
      else response.end('well again')
    })
    await using rig = await targetRig(targetSettings(other.url), clock)
    const answer = await rig.call()
    expect(await answer.text()).toBe('well again')
    expect(answer.headers.get('x-wheelhouse-attempts')).toBe('3')
  })

  it('is given up after three tries with what was answered, when there is no fallback', async () => {
    await using other = await upstream(behaviours.status(503))
    await using rig = await targetRig(targetSettings(other.url), clock)
    const answer = await rig.call()
    expect([answer.status, await answer.text(), other.seen.length]).toEqual([503, 'status 503', 3])
  })

  it('gets the fallback after three tries, with the reason beside it', async () => {
    await using other = await upstream(behaviours.close)
    await using rig = await targetRig(targetSettings(other.url, { fallback }), clock)
    const answer = await rig.call()
    expect(await answer.json()).toEqual({ answer: null })
    expect(answer.headers.get('x-wheelhouse-answer')).toBe('fallback')
    expect(answer.headers.get('x-wheelhouse-reason')).toBe('failed')
    expect(other.seen).toHaveLength(3)
  })

  it('that changes something is tried once, unless it carries an idempotency key or site.yaml says so', async () => {
    await using other = await upstream(behaviours.close)
    await using rig = await targetRig(targetSettings(other.url, { fallback }), clock)
    await rig.call('', { method: 'POST', body: 'x' })
    expect(other.seen).toHaveLength(1)
    rig.target.gate.reset()
    await rig.call('', { method: 'POST', body: 'x', headers: { 'idempotency-key': '17' } })
    expect(other.seen).toHaveLength(4)
    rig.target.gate.reset()
    rig.target.redefine(targetSettings(other.url, { fallback, repeat: 'all' }))
    await rig.call('', { method: 'POST', body: 'the same each time' })
    expect(other.seen.slice(4).map(({ body }) => body)).toEqual(Array(3).fill('the same each time'))
  })

  it('pauses longer each time, by the clock, and as long as the answer asks for', async () => {
    const manual = new ManualClock()
    await using other = await upstream(behaviours.status(503))
    const backoff = { firstMs: 1_000, factor: 2, capMs: 10_000 }
    await using rig = await targetRig(targetSettings(other.url, { backoff }), manual)
    const answer = rig.call()
    const paused = (tries: number) => until(`try ${tries}`, () => other.seen.length === tries && manual.waiting === 1)
    await paused(1)
    await manual.advance(999)
    expect(other.seen).toHaveLength(1)
    other.behave(behaviours.status(503, { 'retry-after': '5' }))
    await manual.advance(1)
    await paused(2)
    await manual.advance(4_999)
    expect(other.seen).toHaveLength(2)
    await manual.advance(1)
    expect((await answer).status).toBe(503)
    expect(other.seen).toHaveLength(3)
  })
})

describe('an other side that misbehaves', () => {
  it('hangs: the fallback comes when the time-out is over', async () => {
    const manual = new ManualClock()
    await using other = await upstream(behaviours.hang)
    await using rig = await targetRig(targetSettings(other.url, { fallback, attempts: 1 }), manual)
    const answer = rig.call()
    await until('the call to arrive', () => other.seen.length === 1)
    await manual.advance(30_000)
    expect((await answer).headers.get('x-wheelhouse-reason')).toBe('timed-out')
    expect(rig.target.figures.lastError?.sentence).toMatch(/^no answer from 127\.0\.0\.1:\d+ within 30 s$/)
    await until('its connection to be closed', () => other.open === 0)
  })

  it.each(['stall', 'breakOff'] as const)('%s: the caller sees that the answer is not whole', async (name) => {
    const manual = new ManualClock()
    await using other = await upstream(behaviours[name])
    await using rig = await targetRig(targetSettings(other.url), manual)
    const answer = await rig.call()
    const body = answer.text()
    body.catch(() => {})
    await manual.advance(30_000)
    await expect(body).rejects.toThrow()
    expect(rig.target.gate.breaker.failures).toBe(1)
  })

  it('trickles for ever: it ends when the longest time is over', async () => {
    const manual = new ManualClock()
    let trickle: () => void = () => {}
    await using other = await upstream((response) => {
      trickle = () => response.write('.')
      trickle()
    })
    await using rig = await targetRig(targetSettings(other.url), manual)
    const reader = (await rig.call()).body?.getReader()
    await reader?.read()
    for (let n = 0; n < 15; n++) {
      const read = reader?.read().catch(() => null)
      trickle()
      await read
      await manual.advance(20_000)
    }
    await expect(reader?.read()).rejects.toThrow()
    expect(rig.target.figures.lastError?.sentence).toContain('did not end within 300 s')
  })

  it('answers with more than is passed on: it ends there, and its breaker does not count it', async () => {
    await using other = await upstream((response) => response.end('x'.repeat(5_000)))
    await using rig = await targetRig(targetSettings(other.url, { answerBytes: 1_000 }), clock)
    expect((await rig.call()).status).toBe(502)
    other.behave((response) => {
      response.write('x'.repeat(900))
      response.end('x'.repeat(900))
    })
    await expect(rig.call().then((answer) => answer.text())).rejects.toThrow()
    expect(rig.target.gate.breaker.failures).toBe(0)
  })

  it('closes kept connections as they are used again: the call is made anew, and nothing counts as failed', async () => {
    let calls = 0
    await using other = await upstream((response, { socket }) => {
      if (++calls === 2) socket.destroy()
      else response.end('fine')
    })
    await using rig = await targetRig(
      targetSettings(other.url, { attempts: 2, backoff: { firstMs: 60_000, factor: 1, capMs: 60_000 } }),
      clock,
    )
    await (await rig.call()).text()
    expect(await (await rig.call()).text()).toBe('fine')
    expect(rig.target.figures.tries.failed).toBe(0)
  })
})

describe('the breaker of a target', () => {
  it('opens at the fifth failed try: the call under way gets the fallback at once, and no further one is placed', async () => {
    await using other = await upstream(behaviours.close)
    const slow = { firstMs: 3_600_000, factor: 1, capMs: 3_600_000 }
    await using rig = await targetRig(targetSettings(other.url, { fallback, attempts: 1 }), clock)
    for (let n = 0; n < 4; n++) await rig.call()
    rig.target.redefine(targetSettings(other.url, { fallback, attempts: 3, backoff: slow }))
    // With a pause of an hour before the next try: an open breaker is not waited for.
    expect((await rig.call()).headers.get('x-wheelhouse-reason')).toBe('failed')
    const kept = await rig.call()
    expect(kept.headers.get('x-wheelhouse-reason')).toBe('breaker-open')
    expect(Number(kept.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(other.seen).toHaveLength(5)
    expect(rig.target.figures.kept.open).toBe(1)
  })

  it('without a fallback an open breaker answers 503 with a sentence', async () => {
    await using other = await upstream()
    await using rig = await targetRig(targetSettings(other.url), clock)
    rig.target.gate.isolate()
    const answer = await rig.call()
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({
      error: { code: 'dependency-isolated', message: 'Model API cannot be asked: an operator has isolated it.' },
    })
    expect(other.seen).toHaveLength(0)
  })

  it('half-open places two calls, answers the others at once, and closes after two successes', async () => {
    const manual = new ManualClock()
    const waiting: (() => void)[] = []
    await using other = await upstream(behaviours.close)
    await using rig = await targetRig(targetSettings(other.url, { fallback, attempts: 1 }), manual)
    for (let n = 0; n < 5; n++) await rig.call()
    await manual.advance(30_000)
    other.behave((response) => waiting.push(() => response.end('fine')))
    const calls = Array.from({ length: 20 }, () => rig.call())
    await until('the trials to arrive', () => waiting.length === 2)
    await until('the others to be answered', () => rig.target.figures.kept.open === 18)
    expect(other.seen).toHaveLength(5 + 2)
    for (const answer of waiting) answer()
    await Promise.all(calls)
    expect(rig.states).toEqual(['open', 'half-open', 'closed'])
  })

  it('fifty calls that fail together open it once, and it is half-open again in time (nodeshift/opossum#385)', async () => {
    const manual = new ManualClock()
    const cut: (() => void)[] = []
    await using other = await upstream((_, { socket }) => cut.push(() => socket.destroy()))
    await using rig = await targetRig(targetSettings(other.url, { fallback, attempts: 1, concurrency: 64 }), manual)
    const calls = Array.from({ length: 50 }, () => rig.call())
    await until('all to arrive', () => cut.length === 50)
    for (const each of cut) each()
    await Promise.all(calls)
    expect(rig.states).toEqual(['open'])
    await manual.advance(30_000)
    expect(rig.target.gate.breaker.state).toBe('half-open')
  })

  it('a trial that hangs ends in its time-out, so it is never stuck half-open (nodeshift/opossum#276)', async () => {
    const manual = new ManualClock()
    await using other = await upstream(behaviours.hang)
    const record = { state: 'half-open', because: 'time-is-over', at: 0 } as const
    await using rig = await targetRig(targetSettings(other.url, { fallback, attempts: 1 }), manual, { record })
    const calls = [rig.call(), rig.call()]
    await until('both to arrive', () => other.seen.length === 2)
    await manual.advance(30_000)
    await Promise.all(calls)
    expect(rig.target.gate.breaker.state).toBe('open')
    other.behave((response) => response.end('fine'))
    await manual.advance(30_000)
    await rig.call()
    await rig.call()
    expect(rig.target.gate.breaker.state).toBe('closed')
  })

  it('4xx is the caller’s mistake and no failure of the other side', async () => {
    await using other = await upstream(behaviours.status(404))
    await using rig = await targetRig(targetSettings(other.url), clock)
    for (let n = 0; n < 10; n++) expect((await rig.call()).status).toBe(404)
    expect(rig.states).toEqual([])
  })
})

describe('a caller', () => {
  it('that goes away ends its call at the other side, gives its place back and counts as no failure', async () => {
    await using other = await upstream(behaviours.hang)
    await using rig = await targetRig(targetSettings(other.url, { concurrency: 1 }), clock)
    const leaving = new AbortController()
    const call = rig.call('', { signal: leaving.signal })
    call.catch(() => {})
    await until('the call to arrive', () => other.open === 1)
    leaving.abort()
    await until('the other side to be let go', () => other.open === 0)
    await until('its place to be free', () => rig.target.underWay === 0)
    expect(rig.target.gate.breaker.failures).toBe(0)
    expect(rig.target.figures.ends.abandoned).toBe(1)
  })

  it('that goes away during a pause is not called for again', async () => {
    const manual = new ManualClock()
    await using other = await upstream(behaviours.close)
    const backoff = { firstMs: 60_000, factor: 1, capMs: 60_000 }
    await using rig = await targetRig(targetSettings(other.url, { backoff }), manual)
    const leaving = new AbortController()
    const call = rig.call('', { signal: leaving.signal })
    call.catch(() => {})
    await until('the pause', () => other.seen.length === 1 && manual.waiting === 1)
    leaving.abort()
    await until('its place to be free', () => rig.target.underWay === 0)
    expect(manual.waiting).toBe(0)
  })

  it('that sends slowly is not held against the other side', async () => {
    const manual = new ManualClock()
    await using other = await upstream()
    await using rig = await targetRig(targetSettings(other.url), manual)
    const socket = connect(rig.port, '127.0.0.1')
    socket.write('POST /t/model/x HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nthe beginning')
    await until('the call to begin', () => rig.target.underWay === 1 && manual.waiting > 0)
    await manual.advance(30_000)
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toContain('408')
    expect(rig.target.gate.breaker.failures).toBe(0)
    socket.destroy()
  })

  it('that sends too much is refused, whether it says so beforehand or not, kept or passed on', async () => {
    await using other = await upstream()
    for (const attempts of [1, 3]) {
      await using rig = await targetRig(targetSettings(other.url, { requestBytes: 1_000, attempts }), clock)
      expect((await rig.call('', { method: 'PUT', body: 'x'.repeat(1_001) })).status).toBe(413)
      const body = new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode('x'.repeat(2_000)))
          controller.close()
        },
      })
      expect((await rig.call('', { method: 'PUT', body, duplex: 'half' })).status).toBe(413)
      expect(rig.target.gate.breaker.failures).toBe(0)
      expect(rig.room.taken).toBe(0)
    }
  })

  it('that may not call so is told why: method, path', async () => {
    await using other = await upstream()
    await using rig = await targetRig(targetSettings(`${other.url}/v1`, { methods: ['GET'] }), clock)
    expect((await rig.call('', { method: 'DELETE' })).status).toBe(405)
    // Written by hand: fetch would resolve the dots itself.
    const socket = connect(rig.port, '127.0.0.1')
    socket.write('GET /t/model/%2e%2e/admin HTTP/1.1\r\nhost: x\r\n\r\n')
    expect(String(await once(socket, 'data'))).toContain('400 Bad Request')
    socket.destroy()
    expect(other.seen).toHaveLength(0)
  })

  it('beyond the calls that may be under way is answered at once', async () => {
    await using other = await upstream(behaviours.hang)
    await using rig = await targetRig(targetSettings(other.url, { concurrency: 2, fallback }), clock)
    const leaving = new AbortController()
    const held = [1, 2].map(() => rig.call('', { signal: leaving.signal }).catch(() => null))
    await until('both to arrive', () => other.open === 2)
    expect((await rig.call()).headers.get('x-wheelhouse-reason')).toBe('busy')
    leaving.abort()
    await Promise.all(held)
  })

  it('of several takes three quarters of the places, and another still finds one', async () => {
    await using other = await upstream(behaviours.hang)
    await using rig = await targetRig(targetSettings(other.url, { concurrency: 4, perCaller: 3, fallback }), clock)
    const leaving = new AbortController()
    const { signal } = leaving
    const call = (caller: string) => rig.call('', { signal, headers: { 'x-caller': caller } }).catch(() => null)
    const held = [1, 2, 3].map(() => call('greedy'))
    await until('three to arrive', () => other.open === 3)
    const refused = await call('greedy')
    expect(refused?.headers.get('x-wheelhouse-reason')).toBe('busy')
    held.push(call('modest'))
    await until('the other one to arrive', () => other.open === 4)
    leaving.abort()
    await Promise.all(held)
    await until('all places to be free', () => rig.target.underWay === 0)
    other.behave((response) => response.end('fine'))
    expect(await (await rig.call('', { headers: { 'x-caller': 'greedy' } })).text()).toBe('fine')
  })

  it('over whose call the console itself fails is cut off, and the calls of others go on', async () => {
    await using other = await upstream(behaviours.close)
    const broken = { ...fallback, type: 'text/plain\n' } // no header can hold it
    await using rig = await targetRig(targetSettings(other.url, { fallback: broken, attempts: 1 }), clock)
    await expect(rig.call()).rejects.toThrow()
    expect(rig.target.underWay).toBe(0)
    expect(rig.target.figures.lastError?.sentence).toContain('the console failed over a call')
    other.behave((response) => response.end('fine'))
    expect(await (await rig.call()).text()).toBe('fine')
  })

  it('whose request finds no room to be kept is passed on once, as it comes', async () => {
    await using other = await upstream()
    await using rig = await targetRig(targetSettings(other.url), clock, { roomBytes: 3 })
    expect((await rig.call('', { method: 'PUT', body: 'more than three' })).status).toBe(200)
    expect(other.seen[0]?.body).toBe('more than three')
  })

  it('is not led elsewhere by a redirect', async () => {
    await using other = await upstream(behaviours.status(302, { location: 'http://169.254.169.254/latest' }))
    await using rig = await targetRig(targetSettings(other.url), clock)
    const answer = await rig.call()
    expect([answer.status, answer.headers.get('location')]).toEqual([302, null])
  })
})

describe('a target that is closed', () => {
  it('takes no more calls, and lets those under way end', async () => {
    let answer: () => void = () => {}
    await using other = await upstream((response) => {
      answer = () => response.end('the end')
    })
    await using rig = await targetRig(targetSettings(other.url, { fallback }), clock)
    const call = rig.call()
    await until('the call to arrive', () => other.open === 1)
    const drained = rig.target.drain()
    expect((await rig.call()).headers.get('x-wheelhouse-answer')).toBe('fallback')
    answer()
    expect(await (await call).text()).toBe('the end')
    await drained
  })
})
