import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import type { AttentionDraft } from './attention/index.ts'
import { keptSourceFile, type Layer, type LoadedSite, readKeptSource } from './config/index.ts'
import { AskedSources } from './site-config-sources.ts'

let folder: ReturnType<typeof temporaryFolder>
let answer: (request: IncomingMessage, response: ServerResponse) => void
const asked: IncomingMessage[] = []
const server = createServer((request, response) => {
  asked.push(request)
  answer(request, response)
})
let url: string
let http: AskedSources
let clock: ManualClock
let card: AttentionDraft | null
let checked: Layer[]

beforeEach(async () => {
  folder = temporaryFolder()
  await mkdir(join(folder.path, '.wheelhouse'))
  asked.length = 0
  checked = []
  card = null
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/lab.yaml`
  clock = new ManualClock()
  const attention = {
    raise: (draft: AttentionDraft) => {
      card = draft
    },
    clear: () => {
      card = null
    },
  } as unknown as ConstructorParameters<typeof AskedSources>[0]['attention']
  http = new AskedSources({
    directory: folder.path,
    clock,
    logger: silentLogger,
    attention,
    secrets: (name) => `value-of-${name}`,
    zone: () => 'UTC',
    sessions: () => {
      throw new Error('no database is asked')
    },
    check: async (_kind, layer) => {
      checked.push(layer)
      const isWrong = JSON.stringify(layer.value).includes('wrong')
      const problem = {
        code: 'x',
        file: url,
        line: 1,
        column: 1,
        path: '',
        message: 'It is wrong.',
        remedy: 'Mend it.',
      }
      return (isWrong
        ? { valid: false, problems: [problem] }
        : { valid: true, definition: {} }) as unknown as LoadedSite
    },
  })
  http.follow({ http: { url, token: 'CONFIG', everyMs: 60_000, withinMs: 10_000 }, database: null })
  answer = (_request, response) => response.setHeader('etag', '"one"').end('name: first\n')
})

afterEach(async () => {
  await http[Symbol.asyncDispose]()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  folder[Symbol.dispose]()
})

async function ask(ms = 60_000): Promise<void> {
  await clock.advance(ms)
  await http.settled()
}

it('a good answer is kept with its token sent and its tag asked for next time; nothing is asked before it begins', async () => {
  await ask(600_000)
  expect(asked).toEqual([])
  http.begin()
  await ask(0)
  expect(asked[0]?.headers.authorization).toBe('Bearer value-of-CONFIG')
  expect(await readKeptSource(folder.path, 'http', url)).toMatchObject({
    text: 'name: first\n',
    etag: '"one"',
    at: clock.wall(),
  })
  expect(readFileSync(keptSourceFile(folder.path, 'http'), 'utf8')).not.toContain('value-of')
  expect(await readKeptSource(folder.path, 'http', `${url}?other`), 'it is the answer of one address').toBeNull()
  answer = (request, response) => response.writeHead(request.headers['if-none-match'] === '"one"' ? 304 : 500).end()
  await ask()
  expect([asked.length, checked.length, card]).toEqual([2, 1, null])
})

it.each<[string, (response: ServerResponse) => void, string]>([
  ['a status that is none', (response) => response.writeHead(500).end('x'), 'status 500'],
  ['a wrong token', (response) => response.writeHead(401).end(), 'wants another token'],
  ['a redirect', (response) => response.writeHead(302, { location: '/other' }).end(), 'leads elsewhere'],
  ['a cut connection', (response) => response.destroy(), 'cannot be reached'],
  ['what is not YAML', (response) => response.end('a: [1'), 'YAML'],
  ['what has no keys', (response) => response.end('<html>'), 'no keys'],
  ['what would be wrong', (response) => response.end('name: wrong'), 'It is wrong. Mend it.'],
  ['what is not UTF-8', (response) => response.end(Buffer.from([0xff, 0xfe])), 'not UTF-8'],
  ['what is too large', (response) => response.end(`a: ${'x'.repeat(1024 * 1024)}`), 'larger than 1 MB'],
  [
    'what unpacks to too much',
    (response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(30_000_000))),
    'larger than 1 MB',
  ],
])('%s changes nothing and raises a card, which goes with the next good answer', async (_what, bad, why) => {
  http.begin()
  await ask(0)
  const before = readFileSync(keptSourceFile(folder.path, 'http'), 'utf8')
  answer = (_request, response) => bad(response)
  await ask()
  expect(card?.why).toContain(why)
  expect(card?.title).toContain('its answer of 2026-01-05 08:00 counts')
  expect(JSON.stringify(card)).not.toContain('value-of')
  expect(asked.every((request) => request.url === '/lab.yaml')).toBe(true)
  expect(readFileSync(keptSourceFile(folder.path, 'http'), 'utf8')).toBe(before)
  answer = (_request, response) => response.end('name: second\n')
  await ask()
  expect(card).toBeNull()
  expect(await readKeptSource(folder.path, 'http', url)).toMatchObject({ text: 'name: second\n', etag: null })
})

it('one that does not answer is given up in time, and by whoever follows another', async () => {
  const hanging = () => new Promise<void>((resolve) => (answer = () => resolve()))
  let reached = hanging()
  http.begin()
  await clock.advance(0)
  await reached
  await ask(10_000)
  expect(card?.why).toContain('within 10 s')
  reached = hanging()
  await clock.advance(60_000)
  await reached
  http.follow({ http: null, database: null })
  await http.settled()
  expect(clock.waiting).toBe(0)
  expect(card).toBeNull()
})
