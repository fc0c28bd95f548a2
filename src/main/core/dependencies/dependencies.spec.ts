import { execFileSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import type { Cause } from '#shared/vocabulary.ts'
import { type DependencyRigOptions, dependencyOf, dependencyRig } from '../../../../test/support/dependency-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
import { until } from '../../../../test/support/until.ts'
import { behaviours, type Upstream, upstream } from '../../../../test/support/upstream.ts'

const operator: Cause = { type: 'operator', via: 'window' }
const fallback = { status: 200, type: 'application/json', from: { body: '{"answer":null}' } }
const api = serviceOf('api', { uses: { model: 'optional' } })

function given(
  directory: string,
  other: Upstream,
  rest: Partial<DependencyRigOptions> = {},
  model: Parameters<typeof dependencyOf>[2] = {},
): DependencyRigOptions {
  return { directory, services: [api], dependencies: [dependencyOf('model', other.url, model)], ...rest }
}

/** Calls until the breaker is open. */
async function trip(address: string): Promise<void> {
  for (let n = 0; n < 3; n++) await fetch(address).then((answer) => answer.text())
}

describe('the local proxy', () => {
  it('passes the calls of a service that uses the dependency on, with the secret that the service never sees', async () => {
    using folder = temporaryFolder()
    await using other = await upstream()
    const headers = { authorization: `Bearer \${secrets.KEY}` }
    const secrets = (name: string) => `value-of-${name}`
    await using rig = await dependencyRig(given(folder.path, other, { secrets }, { headers }))
    const answer = await fetch(`${rig.address('api', 'model')}/chat?x=1`, { headers: { 'x-request-id': 'order-17' } })
    expect(await answer.text()).toBe('fine')
    expect(other.seen[0]).toMatchObject({ url: '/chat?x=1', headers: { authorization: 'Bearer value-of-KEY' } })
    expect(other.seen[0]?.headers['x-request-id']).toBe('order-17')
    const view = await rig.see('model', 'its call counted', ({ figures }) => figures.ends.answered === 1)
    expect(JSON.stringify(view)).not.toContain('value-of-KEY')
  })

  it('refuses whoever is not known, what a service does not use, and what is no such call', async () => {
    using folder = temporaryFolder()
    await using other = await upstream()
    const dependencies = [dependencyOf('model', other.url), dependencyOf('mail', other.url)]
    await using rig = await dependencyRig(given(folder.path, other, { dependencies }))
    const address = new URL(rig.address('api', 'model'))
    const [, token] = address.pathname.split('/')
    const status = async (path: string) => (await fetch(`${address.origin}${path}`)).status
    expect(await status(`/${token}/model`)).toBe(200)
    for (const path of [`/${token}/mail`, `/${token}/none`, '/guessed/model', '/', `/${token}`, `/${token}/MODEL`])
      expect(await status(path)).toBe(403)
    expect(other.seen).toHaveLength(1)
    // Every spelling of a way out of the address, and an address of another host where a path belongs.
    for (const path of [`/${token}/model/../mail`, `http://evil.example/${token}/model`, `/${token}/model/%2e%2e/x`])
      expect(await rawStatus(address.port, path)).not.toBe(200)
    expect(other.seen).toHaveLength(1)
  })

  it('listens on loopback alone', async () => {
    using folder = temporaryFolder()
    await using other = await upstream()
    await using rig = await dependencyRig(given(folder.path, other))
    const { port, hostname } = new URL(rig.address('api', 'model'))
    expect(hostname).toBe('127.0.0.1')
    const elsewhere = connect(Number(port), '127.0.0.2')
    await expect(
      new Promise((resolve, reject) => elsewhere.once('connect', resolve).once('error', reject)),
    ).rejects.toThrow()
  })

  it('answers with the fallback of a file of the release while the breaker is open', async () => {
    using folder = temporaryFolder()
    mkdirSync(join(folder.path, 'answers'))
    writeFileSync(join(folder.path, 'answers', 'model.txt'), 'the answer of the file')
    await using other = await upstream(behaviours.close)
    const file = { status: 203, type: 'text/plain', from: { file: 'answers/model.txt' } }
    await using rig = await dependencyRig(given(folder.path, other, {}, { fallback: file }))
    const address = rig.address('api', 'model')
    await trip(address)
    const answer = await fetch(address)
    expect([answer.status, await answer.text()]).toEqual([203, 'the answer of the file'])
    expect(other.seen).toHaveLength(3)
  })

  it('a fallback that is no file to read, or a huge one, holds nobody up', async () => {
    using folder = temporaryFolder()
    execFileSync('mkfifo', [join(folder.path, 'pipe')])
    writeFileSync(join(folder.path, 'huge'), '')
    truncateSync(join(folder.path, 'huge'), 3 * 1024 * 1024)
    await using other = await upstream()
    const answer = (id: string) =>
      dependencyOf(id, other.url, { fallback: { status: 200, type: 'text/plain', from: { file: id } } })
    const dependencies = [answer('pipe'), answer('huge')]
    const services = [serviceOf('api', { uses: { pipe: 'optional', huge: 'optional' } })]
    await using rig = await dependencyRig(given(folder.path, other, { services, dependencies }))
    for (const id of ['pipe', 'huge']) expect(rig.view(id).problem).toContain(`${id} is no plain file`)
  })

  it('a dependency whose secret is missing says so, on screen and to who calls it; the others work', async () => {
    using folder = temporaryFolder()
    await using other = await upstream()
    const secrets = () => {
      throw new Error('The secret KEY is not known to the console.')
    }
    const services = [serviceOf('api', { uses: { model: 'optional', mail: 'optional' } })]
    const model = dependencyOf('model', other.url, { headers: { authorization: `\${secrets.KEY}` } })
    const dependencies = [model, dependencyOf('mail', other.url)]
    await using rig = await dependencyRig(given(folder.path, other, { secrets, services, dependencies }))
    const refused = await fetch(rig.address('api', 'model'))
    expect([refused.status, await refused.text()]).toEqual([
      503,
      expect.stringContaining('The secret KEY is not known'),
    ])
    expect((await fetch(rig.address('api', 'mail'))).status).toBe(200)
    expect(rig.view('model').problem).toContain('The secret KEY')
  })

  it('that dies is started again at the same address, with the breakers as they were', async () => {
    using folder = temporaryFolder()
    await using other = await upstream(behaviours.close)
    await using rig = await dependencyRig(given(folder.path, other, {}, { fallback }))
    const before = rig.address('api', 'model')
    await trip(before)
    await rig.see('model', 'open', ({ state }) => state === 'open')
    // A new console on the same site: the thread is another, the port and the state are remembered.
    await rig.dependencies[Symbol.asyncDispose]()
    await rig[Symbol.asyncDispose]()
    await using next = await dependencyRig(given(folder.path, other, {}, { fallback }))
    expect(next.address('api', 'model')).toBe(before)
    expect((await fetch(before)).headers.get('x-wheelhouse-reason')).toBe('breaker-open')
    expect(next.view('model').state).toBe('open')
  })
})

describe('a breaker', () => {
  it('that opens and closes is told as events with their causes, and is a card in between', async () => {
    using folder = temporaryFolder()
    await using other = await upstream(behaviours.status(503))
    const breaker = { kind: 'consecutive', failures: 3, openMs: 300, successes: 2 } as const
    await using rig = await dependencyRig(given(folder.path, other, {}, { breaker, fallback }))
    const address = rig.address('api', 'model')
    await trip(address)
    const card = await until('the card', () => rig.cards['dependency-open:model'])
    expect(card).toMatchObject({ title: 'model does not answer', severity: 'warning' })
    expect(card.why).toContain('3 calls in a row failed. The last error: it answered with 503. Calls get the fallback')
    expect(card.fixes.map(({ label }) => label)).toEqual(['Try it now', 'Look at it'])
    other.behave((response) => response.end('fine'))
    await rig.see('model', 'half-open', ({ state }) => state === 'half-open')
    await fetch(address)
    await fetch(address)
    await rig.see('model', 'closed', ({ state }) => state === 'closed')
    expect(rig.cards['dependency-open:model']).toBeUndefined()
    const events = await rig.events('dependency.')
    expect(events.map(({ kind }) => kind)).toEqual(['dependency.opened', 'dependency.half-opened', 'dependency.closed'])
    expect(events[0]?.cause).toEqual({ type: 'observation', what: 'it answered with 503' })
    expect(events[2]?.cause).toEqual({ type: 'event', id: events[0]?.id })
  })

  it('is isolated and reset by an operator, who is the cause; over a restart it stays isolated', async () => {
    using folder = temporaryFolder()
    await using other = await upstream()
    {
      await using rig = await dependencyRig(given(folder.path, other))
      await rig.dependencies.isolate('model', operator)
      expect((await fetch(rig.address('api', 'model'))).status).toBe(503)
      const [event] = await rig.events('dependency.isolated')
      expect(event?.cause).toEqual(operator)
    }
    await using rig = await dependencyRig(given(folder.path, other))
    expect((await fetch(rig.address('api', 'model'))).headers.get('x-wheelhouse-reason')).toBe('isolated')
    await rig.dependencies.reset('model', operator)
    expect((await fetch(rig.address('api', 'model'))).status).toBe(200)
    const [reset] = await rig.events('dependency.reset')
    expect(reset?.message).toContain('was reset: calls pass again')
    expect(other.seen).toHaveLength(1)
  })

  it('of a dependency that there is not is refused with those that there are', async () => {
    using folder = temporaryFolder()
    await using other = await upstream()
    await using rig = await dependencyRig(given(folder.path, other))
    await expect(rig.dependencies.isolate('modle', operator)).rejects.toThrow('This site has no dependency "modle".')
  })

  it('keeps its state when site.yaml changes, and is forgotten with its dependency', async () => {
    using folder = temporaryFolder()
    await using other = await upstream(behaviours.close)
    await using rig = await dependencyRig(given(folder.path, other))
    await trip(rig.address('api', 'model'))
    await rig.see('model', 'open', ({ state }) => state === 'open')
    await rig.use({ ...rig.definition, dependencies: { model: dependencyOf('model', other.url, { attempts: 2 }) } })
    expect(rig.view('model').state).toBe('open')
    await rig.use({ ...siteOf([serviceOf('api')]), dependencies: {} })
    expect(() => rig.view('model')).toThrow()
    expect(rig.cards['dependency-open:model']).toBeUndefined()
  })
})

describe('checks', () => {
  it('open a breaker that nobody calls, and close it again without a caller', async () => {
    using folder = temporaryFolder()
    await using other = await upstream(behaviours.status(500))
    const check = { path: '/health', status: null, everyMs: 50, timeoutMs: 5_000 }
    const breaker = { kind: 'consecutive', failures: 3, openMs: 300, successes: 2 } as const
    await using rig = await dependencyRig(given(folder.path, other, {}, { check, breaker }))
    const open = await rig.see('model', 'open', ({ state }) => state === 'open')
    expect(open.sentence).toContain(
      'Its checks failed again and again. The last error: the check /health was answered with 500',
    )
    other.behave((response) => response.end('fine'))
    await rig.see('model', 'closed', ({ state }) => state === 'closed')
    expect(other.seen.every(({ url }) => url === '/health')).toBe(true)
  })

  it('without a path open a connection and send nothing; an operator may have one made now', async () => {
    using folder = temporaryFolder()
    await using other = await upstream()
    const check = { path: null, status: null, everyMs: 3_600_000, timeoutMs: 5_000 }
    await using rig = await dependencyRig(given(folder.path, other, {}, { check }))
    expect(await rig.dependencies.check('model')).toMatchObject({ ok: true })
    await other[Symbol.asyncDispose]()
    expect(await rig.dependencies.check('model')).toMatchObject({ ok: false })
    expect(other.seen).toHaveLength(0)
  })
})

describe('a service whose dependency cannot be called', () => {
  const script = {
    'api.mjs': 'setInterval(() => {}, 1_000); process.on("message", () => {}); if (process.env.EXIT) process.exit(1)',
  }
  const required = serviceOf('api', { uses: { model: 'required' } })
  const start = { cause: operator, operation: null }

  it('waits with the reason instead of starting, spends no restart, and starts by itself when calls pass again', async () => {
    using folder = temporaryFolder()
    await using other = await upstream(behaviours.close)
    await using rig = await dependencyRig(given(folder.path, other, { services: [required], files: script }))
    await rig.dependencies.isolate('model', operator)
    const started = rig.coordinator.start(['api'], start)
    const waiting = await rig.seeService('api', 'waiting', ({ state }) => state === 'waiting')
    expect(waiting).toMatchObject({ attempt: 0, restarts: 0 })
    expect(rig.service('api').reason).toBe(
      'Waits for the dependency model. An operator keeps calls away from it. Calls are refused until it is reset.',
    )
    await rig.dependencies.reset('model', operator)
    expect(await started).toMatchObject({ done: ['api'], failed: [] })
  })

  it('that exits while the breaker is open waits: an outage does not spend its restart budget (home-assistant/addons#3439)', async () => {
    using folder = temporaryFolder()
    await using other = await upstream(behaviours.close)
    await using rig = await dependencyRig(given(folder.path, other, { services: [required], files: script }))
    await rig.coordinator.start(['api'], start)
    const { pid } = await rig.seeService('api', 'running', ({ state }) => state === 'running')
    await trip(rig.address('api', 'model'))
    await rig.seeService('api', 'degraded', ({ health }) => health === 'degraded')
    expect(rig.service('api').reason).toContain('It cannot call model. 3 calls in a row failed.')
    process.kill(pid ?? 0, 'SIGKILL')
    const waiting = await rig.seeService('api', 'waiting', ({ state }) => state === 'waiting')
    expect(waiting).toMatchObject({ attempt: 0, restarts: 0 })
    expect(await rig.events('service.restarting')).toEqual([])
    const [opened] = await rig.events('dependency.opened')
    const [degraded] = await rig.events('service.degraded')
    expect(opened).toBeDefined()
    expect(degraded?.message).toContain('It cannot call model')
  })

  it('and that can do without it is degraded, started again when it exits, and healthy when calls pass', async () => {
    using folder = temporaryFolder()
    await using other = await upstream()
    await using rig = await dependencyRig(given(folder.path, other, { files: script }))
    await rig.coordinator.start(['api'], start)
    const { pid } = await rig.seeService('api', 'running', ({ state }) => state === 'running')
    await rig.dependencies.isolate('model', operator)
    await rig.seeService('api', 'degraded', ({ health }) => health === 'degraded')
    expect(rig.service('api').uses).toEqual([{ dependency: 'model', required: false, reachable: false }])
    process.kill(pid ?? 0, 'SIGKILL')
    await rig.seeService('api', 'started again', (view) => view.state === 'running' && view.pid !== pid)
    await rig.dependencies.reset('model', operator)
    await rig.seeService('api', 'healthy', ({ health }) => health === 'healthy')
  })

  it('is given its address in its environment, and no other service’s', async () => {
    using folder = temporaryFolder()
    await using other = await upstream()
    const source = `const url = process.env.WHEELHOUSE_DEPENDENCY_MODEL ?? 'none'
      if (url !== 'none') await fetch(url + '/' + process.env.WHEELHOUSE_SERVICE)
      setInterval(() => {}, 1_000)`
    const services = [api, serviceOf('desk')]
    await using rig = await dependencyRig(
      given(folder.path, other, { services, files: { 'api.mjs': source, 'desk.mjs': source } }),
    )
    await rig.coordinator.start(['api', 'desk'], start)
    await until('the call of api', () => other.seen.length > 0)
    expect(other.seen.map(({ url }) => url)).toEqual(['/api'])
  })
})

it('a console that was opened for one command listens nowhere and checks nothing, and still shows what is remembered', async () => {
  using folder = temporaryFolder()
  await using other = await upstream()
  {
    await using rig = await dependencyRig(given(folder.path, other))
    await rig.dependencies.isolate('model', operator)
  }
  const check = { path: '/', status: null, everyMs: 10, timeoutMs: 1_000 }
  await using rig = await dependencyRig(given(folder.path, other, { serves: false }, { check }))
  expect(rig.view('model').state).toBe('isolated')
  await expect(rig.dependencies.check('model')).rejects.toThrow('does not answer')
  expect(other.seen).toEqual([])
})

/** The status of a call whose path is sent as it is written. */
function rawStatus(port: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, method: 'GET' }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    call.once('error', reject).end()
  })
}

describe('a console that died', () => {
  it('after its record of a closed breaker and before its card leaves no card that nothing takes away', async () => {
    using folder = temporaryFolder()
    await using other = await upstream(behaviours.close)
    {
      await using rig = await dependencyRig(given(folder.path, other))
      await trip(rig.address('api', 'model'))
      await until('the card', () => rig.cards['dependency-open:model'])
    }
    const control = new Sqlite(join(folder.path, '.wheelhouse', 'control.db'))
    control.prepare("UPDATE dependency_states SET state = 'closed', because = 'trials-passed'").run()
    control.close()
    await using rig = await dependencyRig(given(folder.path, other))
    expect(rig.cards['dependency-open:model']).toBeUndefined()
  })
})

it('the address of a service comes from a key of this user, so that what a folder brings along opens nothing', async () => {
  using folder = temporaryFolder()
  await using other = await upstream()
  const addressWith = async (key: string) => {
    await using rig = await dependencyRig(given(folder.path, other, { key }))
    return new URL(rig.address('api', 'model')).pathname
  }
  const first = await addressWith('one')
  expect(await addressWith('one')).toBe(first)
  expect(await addressWith('another')).not.toBe(first)
  const control = new Sqlite(join(folder.path, '.wheelhouse', 'control.db'), { readonly: true })
  expect(control.prepare('SELECT name FROM dependency_proxy').pluck().all()).toEqual(['port'])
  control.close()
})
