import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { expect, onTestFinished, test } from 'vitest'
import type { OutboxPage, Quarantined, Settled } from '#shared/contract/messages.ts'
import { TestUser } from '../support/command-line.ts'
import { temporaryFolder } from '../support/folders.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import { until } from '../support/until.ts'

// Messages that are kept, devices and replays, from the command line against a running console with its real broker.

const routes = `  strict: { from: strict/#, where: payload.n > 3, to: [ { mqtt: out, qos: 1 } ] }
`

test('what is in quarantine is listed, sent again, put right or discarded; what waits and who is connected is listed', async () => {
  const { user, site, mqtt } = await runningSite()
  const client = await connectAsync(`mqtt://127.0.0.1:${mqtt}`, { clientId: 'desk-7' })
  onTestFinished(() => client.endAsync(true))
  const got: string[] = []
  client.on('message', (_topic, payload) => got.push(payload.toString()))
  await client.subscribeAsync('out', { qos: 1 })
  for (const payload of ['one', '\u001b[2Jtwo', 'three', 'four'])
    await client.publishAsync('strict/a', payload, { qos: 1 })

  const watched = user.run(
    'messages',
    '--client',
    'desk-7',
    '--filter',
    'other/#',
    '--limit',
    '2',
    '--json',
    '--site',
    site,
  )
  let isOver = false
  void watched.finally(() => {
    isOver = true
  })
  await until('what passes to be shown', async () => {
    await client.publishAsync('other/a', 'x', { qos: 0 })
    return isOver
  })
  const lines = (await watched).out.trim().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { topic: 'other/a', client: 'desk-7' },
    { topic: 'other/a', client: 'desk-7' },
  ])
  expect(await user.run('messages', '--filter', 'a#', '--site', site)).toMatchObject({
    code: 2,
    err: expect.stringContaining('# stands alone'),
  })

  const quarantine = (...args: readonly string[]) => user.run('quarantine', ...args, '--site', site)
  const listed = await until('them to be in quarantine', async () => {
    const { rows } = await user.document<{ rows: Quarantined[] }>('quarantine', '--site', site)
    return rows.length === 4 ? rows : undefined
  })
  expect(listed.map(({ payload }) => payload)).toEqual(['four', 'three', '\u001b[2Jtwo', 'one'])
  // Told once a second.
  const stages = await until('the stages to be told', async () => {
    const { out } = await user.run('route', 'strict', '--site', site)
    return /4\s+0\s+0\s+4/.test(out) ? out : undefined
  })
  expect(stages).toMatch(/ROUTE[\s\S]*strict[\s\S]*STAGE[\s\S]*\(from client desk-7\)[\s\S]*Counted since/)
  expect(await user.run('route', 'nope', '--site', site)).toMatchObject({
    code: 1,
    err: expect.stringContaining('nope'),
  })
  const one = String(listed.at(-1)?.id)
  expect(await quarantine('list')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/NUMBER[\s\S]*desk-7[\s\S]*strict\/a/),
  })
  // Reasons hold what was sent: it must not steer the terminal.
  const shown = (await quarantine('list')).out
  expect(shown).toContain('\uFFFD[2Jtwo')
  expect(shown).not.toContain('\u001b')

  expect(await quarantine('send', one, '--payload', '{"n": 5}')).toMatchObject({
    code: 0,
    out: '1 message sent again.\n',
  })
  await until('it to arrive', () => got.includes('{"n": 5}'))
  expect(await quarantine('send', one)).toMatchObject({ code: 1, err: expect.stringContaining('is not in quarantine') })
  expect(await quarantine('send')).toMatchObject({ code: 2, err: expect.stringContaining('name one message') })
  // One payload in the place of all of them is never what is meant.
  const all = await quarantine('send', '--route', 'strict', '--payload', 'x')
  expect(all).toMatchObject({ code: 2, err: expect.stringContaining('name that message by its number') })
  const discarded = await user.document<Settled>('quarantine', 'discard', '--route', 'strict', '--site', site)
  expect(discarded).toEqual({ done: 3, left: 0 })
  expect(await quarantine('list')).toMatchObject({ code: 0, out: 'Nothing is in quarantine.\n' })

  const waiting = await user.document<OutboxPage>('outbox', '--site', site)
  expect(waiting).toMatchObject({ rows: [], targets: [], bounds: { rows: 1_000_000 } })
  expect((await user.run('outbox', '--site', site)).out).toMatch(
    /^Nothing waits in the outbox\. It may hold 1,000,000 messages, .* each for 7 d; when it is full, /,
  )

  const devices = await user.run('devices', '--clients', '--site', site)
  expect(devices).toMatchObject({ code: 0, out: expect.stringMatching(/desk-7\s+127\.0\.0\.1/) })
})

test('large messages are imported and exported as they were, and replayed through the broker in their order', async () => {
  const { user, site, mqtt, folder } = await runningSite()
  const payloads = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((letter, n) =>
    letter.repeat(n % 2 === 0 ? 700_000 : 10),
  )
  const file = join(folder, 'large.jsonl')
  const lines = payloads.map((payload, n) =>
    JSON.stringify({
      at: new Date(1_764_200_000_000 + n).toISOString(),
      topic: 'large/x',
      qos: 1,
      retain: false,
      payload,
    }),
  )
  writeFileSync(file, `\uFEFF${lines.join('\n')}\n`)
  const { recording } = await user.document<{ recording: string }>('recording', 'import', file, '--site', site)
  const out = join(folder, 'again.jsonl')
  await user.document('recording', 'export', recording, out, '--site', site)
  expect(readFileSync(out, 'utf8')).toBe(`${lines.join('\n')}\n`)

  const client = await connectAsync(`mqtt://127.0.0.1:${mqtt}`)
  onTestFinished(() => client.endAsync(true))
  const got: string[] = []
  client.on('message', (topic, payload) => got.push(`${topic} ${payload}`))
  await client.subscribeAsync('test/#', { qos: 1 })
  const replayed = await user.run('recording', 'replay', recording, '--prefix', 'test', '--yes', '--site', site)
  expect(replayed).toMatchObject({ code: 0 })
  await until('all of them to arrive', () => got.length >= payloads.length)
  expect(got).toEqual(payloads.map((payload) => `test/large/x ${payload}`))
})

async function runningSite() {
  const temporary = temporaryFolder()
  onTestFinished(() => temporary[Symbol.dispose]())
  const user = new TestUser(temporary.path)
  onTestFinished(() => user.endSite(join(temporary.path, 'site')))
  const { directory: site, ports } = await makeTinySite(join(temporary.path, 'site'), { extra: routes })
  await user.startHost('--site', site)
  await user.document('trust', '--yes', '--site', site)
  const connected = async () => (await user.run('devices', '--clients', '--site', site)).out.includes('wheelhouse')
  await until('the router to be connected', connected)
  return { user, site, mqtt: ports.mqtt, folder: temporary.path }
}
