import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientTransport, type Connection, greet } from '#shared/client/index.ts'
import { envelopeKinds, longestEnvelope } from '#shared/contract/envelope.ts'
import type { StateBatch } from '#shared/contract/subscriptions.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import type { Console } from '../../src/main/console/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { openTestConsole } from '../support/test-console.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import { until } from '../support/until.ts'

/** One way of reaching a console: how a client gets a raw, ungreeted pipe of envelopes. */
export interface Wire extends AsyncDisposable {
  connect(): Promise<ClientTransport>
  /** What the greeting must carry here, if anything. */
  readonly token: string | undefined
}

/** The contract as every transport must keep it. Run once per transport. */
export function contractSuite(name: string, openWire: (console: Console) => Promise<Wire>): void {
  describe(`the contract over ${name}`, () => {
    const folder = temporaryFolder()
    let console: Console
    let wire: Wire

    beforeAll(async () => {
      console = await openTestConsole(folder.path)
      const site = await makeTinySite(`${folder.path}/site`)
      await console.openInitial({ site: site.directory, otherwise: 'none', start: false })
      const asked = console.state.slice('site').get('site')?.trust
      await console.site?.trust(asked?.fingerprint ?? '', { type: 'operator', via: 'browser' })
      wire = await openWire(console)
    })
    afterAll(async () => {
      await wire?.[Symbol.asyncDispose]()
      await console?.close({ services: 'stop' })
      folder[Symbol.dispose]()
    })

    const hello = () => ({ client: 'browser' as const, ...(wire.token === undefined ? {} : { token: wire.token }) })
    const connect = async (): Promise<Connection> => greet(await wire.connect(), hello())

    it('answers a call with what the contract promises', async () => {
      const connection = await connect()
      await expect(connection.calls.console.info()).resolves.toMatchObject({ version: 'test', host: 'headless' })
      connection.close()
    })

    it('tells a refusal as data: code, sentence and remedy', async () => {
      const connection = await connect()
      const failure = await connection.calls.services.start({ service: 'nobody' }).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(ConsoleError)
      if (!(failure instanceof ConsoleError)) return
      expect(failure.problem.code).toBe('service-unknown')
      expect(failure.problem.message).toContain('nobody')
      expect(failure.problem.remedy.length).toBeGreaterThan(10)
      connection.close()
    })

    it('refuses input outside the contract with the name of the field, and the connection lives on', async () => {
      const connection = await connect()
      const failure = await connection.calls.events.page({ limit: 0 }).catch((error: unknown) => error)
      expect(failure).toMatchObject({ problem: { code: 'bad-input', params: { path: 'limit' } } })
      await expect(connection.calls.events.page({ limit: 1 })).resolves.toHaveProperty('events')
      connection.close()
    })

    it('sends the whole state first and then only what changed, each built on the one before', async () => {
      const connection = await connect()
      const batches: StateBatch[] = []
      connection.subscribe('state', {}, ({ items }) => void batches.push(...items))
      const [whole] = await until('the whole state', () => batches.length > 0 && batches)
      expect(whole).toMatchObject({ whole: true, epoch: connection.server.epoch })
      expect(Object.keys(whole?.slices.services ?? {}).sort()).toEqual(['broker', 'ticker', 'web'])
      console.state.slice('attention').set('contract-probe', probeCard)
      const change = await until('the change', () => batches.find(({ slices }) => slices.attention?.['contract-probe']))
      expect(change.whole).toBe(false)
      expect(change.base).toBe(batches[batches.indexOf(change) - 1]?.revision)
      // The services of a site that runs may change in the same revision; the console itself did not.
      expect(change.slices.console).toBeUndefined()
      expect(Object.keys(change.slices.attention ?? {})).toEqual(['contract-probe'])
      console.state.slice('attention').delete('contract-probe')
      await until('the deletion', () => batches.find(({ slices }) => slices.attention?.['contract-probe'] === null))
      connection.close()
    })

    it('merges what a slow reader misses instead of queueing it', async () => {
      const connection = await connect()
      const batches: StateBatch[] = []
      let release = () => {}
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      connection.subscribe('state', {}, ({ items }) => {
        batches.push(...items)
        return batches.length === 1 ? held : undefined
      })
      await until('the whole state', () => batches.length === 1)
      for (let n = 0; n < 5; n++) {
        const before = console.state.revision
        console.state.slice('attention').set('contract-probe', { ...probeCard, title: `number ${n}` })
        await until('a revision', () => console.state.revision > before)
      }
      expect(batches).toHaveLength(1)
      release()
      const merged = await until('the merged change', () => batches[1])
      expect(merged.slices.attention?.['contract-probe']?.title).toBe('number 4')
      expect(merged.revision - merged.base).toBeGreaterThanOrEqual(5)
      console.state.slice('attention').delete('contract-probe')
      connection.close()
    })

    it('drops the oldest events for a reader that does not read, and counts them', async () => {
      const connection = await connect()
      const got: EventRecord[] = []
      let [skipped, batches] = [0, 0]
      let release = () => {}
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      connection.subscribe('events.tail', { kind: 'contract.' }, (batch) => {
        got.push(...batch.items)
        skipped += batch.skipped
        batches += 1
        // Only the first is held, however many events it holds.
        return batches === 1 ? held : undefined
      })
      const events = console.site?.events
      if (!events) throw new Error('The site is open.')
      const emit = (n: number) =>
        events.emit({
          kind: 'contract.probe',
          subject: 'site',
          severity: 'info',
          message: `probe ${n}`,
          cause: { type: 'observation', what: 'a test' },
        })
      await until('the stream', () => {
        emit(0)
        return got.length > 0
      })
      for (let n = 1; n <= 3_000; n++) emit(n)
      await events.settled()
      release()
      await until('the newest event', () => got.at(-1)?.message === 'probe 3000')
      expect(skipped).toBeGreaterThanOrEqual(1_900)
      connection.close()
    })

    it('gives a client that comes back the whole state again', async () => {
      const first = await connect()
      first.close()
      await first.closed
      const second = await connect()
      const batch = await new Promise<StateBatch | undefined>((resolve) => {
        second.subscribe('state', {}, ({ items }) => resolve(items[0]))
      })
      expect(batch?.whole).toBe(true)
      second.close()
    })

    it('refuses a stream that it does not have, or whose parameters are wrong, and serves the rest', async () => {
      const connection = await connect()
      const end = await new Promise<unknown>((resolve) => {
        connection.subscribe('services.log', { service: 'nobody', lines: 10 }, () => {}, resolve)
      })
      expect(end).toMatchObject({ code: 'service-unknown' })
      await expect(connection.calls.console.info()).resolves.toHaveProperty('pid')
      connection.close()
    })

    for (const [what, envelope] of rubbish) {
      it(`closes the connection on ${what}, and only that one`, async () => {
        const bystander = await connect()
        const raw = await wire.connect()
        const connection = await greet(raw, hello())
        raw.send(envelope)
        await expect(connection.closed).resolves.toBeDefined()
        await expect(bystander.calls.console.info()).resolves.toHaveProperty('version')
        bystander.close()
      })
    }

    it('refuses a client of another version of the contract with a sentence', async () => {
      const raw = await wire.connect()
      const answer = await new Promise<string>((resolve) => {
        raw.onEnvelope(resolve)
        raw.onClosed(() => resolve('closed'))
        raw.send(`h${JSON.stringify({ ...hello(), contract: 99 })}`)
      })
      expect(JSON.parse(answer.slice(1))).toMatchObject({ problem: { code: 'version-differs' } })
    })

    it('refuses the calls of a client that has too many under way, and serves everybody else and that client later', async () => {
      const [connection, bystander] = [await connect(), await connect()]
      const gate = Promise.withResolvers<void>()
      const request = { kind: 'contract.wait', subject: 'site', title: 'Waits', steps: [{ id: 'wait', title: 'Wait' }] }
      const rest = {
        cause: { type: 'operator', via: 'browser' },
        commandLine: '-',
        input: {},
        lane: 'contract',
      } as const
      const job = await console.site?.jobs.start({ ...request, ...rest, cancellable: false }, async () => {
        await gate.promise
        return { message: 'It waited.' }
      })
      const ended: unknown[] = []
      const wait = () => connection.calls.jobs.wait({ job: job?.id ?? '', within: 60_000 })
      const calls = Array.from({ length: 300 }, () =>
        wait().then(
          () => 'answered',
          (error: unknown) => void ended.push(error),
        ),
      )
      await until('those beyond the bound to be refused', () => ended.length === 100)
      for (const error of ended) expect(error).toMatchObject({ problem: { code: 'too-many-calls', retryable: true } })
      await expect(bystander.calls.console.info()).resolves.toHaveProperty('version')
      gate.resolve()
      expect((await Promise.all(calls)).filter((answer) => answer === 'answered')).toHaveLength(200)
      await expect(connection.calls.console.info()).resolves.toHaveProperty('version')
      for (const each of [connection, bystander]) each.close()
    })

    it('lets calls under way fail with a sentence when the connection goes', async () => {
      const connection = await connect()
      const call = connection.calls.jobs.wait({ job: 'jb-none', within: 60_000 }).catch((error: unknown) => error)
      connection.close()
      expect(await call).toBeInstanceOf(ConsoleError)
    })
  })
}

const rubbish: readonly (readonly [string, string])[] = [
  ['an envelope of no known kind', 'z'],
  ['a call that is no JSON', `${envelopeKinds.call}{not json`],
  ['a subscription that is no JSON', `${envelopeKinds.subscription}{not json`],
  ['a subscription outside the contract', `${envelopeKinds.subscription}${JSON.stringify({ do: 'open', id: 'x' })}`],
  ['an envelope that is too long', `${envelopeKinds.call}${'x'.repeat(longestEnvelope)}`],
]

const probeCard = {
  id: 'contract-probe',
  subject: 'site',
  severity: 'info' as const,
  title: 'a probe',
  why: 'the contract suite set it.',
  since: 0,
  fixes: [],
  event: null,
  dismissible: true,
  dismissed: false,
}
