import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { pageFiles } from './page-files.ts'

const html = '<html><meta name="csp-nonce" content="__CSP_NONCE__"><script nonce="__CSP_NONCE__"></script></html>'

test('the page carries a nonce of its own in every answer, the same in its text and in its policy', async () => {
  const { answer } = built()
  const [first, second] = [await answer('/', 'GET'), await answer('/index.html', 'GET')]
  const nonceOf = (body: Uint8Array) => /nonce="([^"]+)"/.exec(text(body))?.[1]
  const nonce = nonceOf(first.body)
  expect(nonce).toMatch(/^[\w+/]{24}$/)
  expect(text(first.body)).not.toContain('__CSP_NONCE__')
  expect(first.headers['Content-Security-Policy']).toContain(`script-src 'self' 'nonce-${nonce}'`)
  expect(first.headers['Content-Security-Policy']).not.toContain('unsafe')
  expect(nonceOf(second.body)).not.toBe(nonce)
  expect(first.headers['Cache-Control']).toBe('no-store')
})

test('assets named by their hash are kept for ever, others are asked for again', async () => {
  const { answer } = built()
  const script = await answer('/assets/index-4f2a9b1c.js', 'GET')
  expect(script.status).toBe(200)
  expect(script.headers['Content-Type']).toBe('text/javascript; charset=utf-8')
  expect(script.headers['Cache-Control']).toContain('immutable')
  expect((await answer('/wheel.svg', 'GET')).headers['Cache-Control']).toBe('no-cache')
})

test.each([
  '/../secret.txt',
  '/assets/../../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/assets/..%5c..%5csecret.txt',
  '//etc/passwd',
  '/%00',
  '/%',
  '/link.txt',
  '/assets',
])('%s leads nowhere', async (path) => {
  const { answer } = built()
  const { status, body } = await answer(path, 'GET')
  expect(status).toBe(404)
  expect(text(body)).not.toContain('secret')
})

test('a file is read and never written: other methods are refused', async () => {
  const { answer } = built()
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
    expect((await answer('/index.html', method)).status).toBe(405)
  }
  const head = await answer('/index.html', 'HEAD')
  expect(head).toMatchObject({ status: 200, body: new Uint8Array() })
})

test('every answer, refusals too, forbids sniffing, framing and referrers', async () => {
  const { answer } = built()
  for (const path of ['/', '/wheel.svg', '/nothing']) {
    expect((await answer(path, 'GET')).headers).toMatchObject({
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
    })
  }
})

test('a page that was built anew while the host runs is served with its new assets', async () => {
  const { answer, directory } = built()
  await answer('/', 'GET')
  writeFileSync(join(directory, 'assets', 'index-00000000.js'), 'new')
  await answer('/', 'GET')
  expect((await answer('/assets/index-00000000.js', 'GET')).status).toBe(200)
})

test('a page that is not built is an answer with a sentence, not a crash', async () => {
  const answer = pageFiles({ directory: '/nonexistent', connect: 'nothing', logger: silentLogger })
  const { status, body } = await answer('/', 'GET')
  expect(status).toBe(500)
  expect(text(body)).toContain('build the app again')
})

test('the page connects to its own origin where it needs to, and to nothing in the desktop app', async () => {
  const { answer, directory } = built()
  const desktop = pageFiles({ directory, connect: 'nothing', logger: silentLogger })
  expect((await answer('/', 'GET')).headers['Content-Security-Policy']).toContain("connect-src 'self';")
  expect((await desktop('/', 'GET')).headers['Content-Security-Policy']).toContain("connect-src 'none';")
})

function built() {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const directory = join(folder.path, 'renderer')
  mkdirSync(join(directory, 'assets'), { recursive: true })
  writeFileSync(join(directory, 'index.html'), html)
  writeFileSync(join(directory, 'wheel.svg'), '<svg/>')
  writeFileSync(join(directory, 'assets', 'index-4f2a9b1c.js'), 'export {}')
  writeFileSync(join(folder.path, 'secret.txt'), 'secret')
  symlinkSync(join(folder.path, 'secret.txt'), join(directory, 'link.txt'))
  return { directory, answer: pageFiles({ directory, connect: 'own origin', logger: silentLogger }) }
}

function text(body: Uint8Array): string {
  return new TextDecoder().decode(body)
}
