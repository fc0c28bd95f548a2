import { describe, expect, it } from 'vitest'
import { passedAnswerHeaders, passedRequestHeaders, requestIdOf } from './message-headers.ts'
import { targetPath } from './target-path.ts'

const request = { host: 'api.example', requestId: 'rq-1' }

describe('headers of a request', () => {
  it('those of one connection are not passed on, nor those that the connection header names', () => {
    const raw = ['Connection', 'close, X-Private', 'X-Private', '1', 'Transfer-Encoding', 'chunked', 'TE', 'trailers']
    const passed = passedRequestHeaders([...raw, 'Accept', 'text/plain', 'Expect', '100-continue'], {}, request)
    expect(passed).toEqual(['Accept', 'text/plain', 'host', 'api.example', 'x-request-id', 'rq-1'])
  })

  it('what the console adds replaces what the caller says', () => {
    const passed = passedRequestHeaders(
      ['Authorization', 'mine', 'Host', 'elsewhere', 'X-Request-ID', 'x'],
      { authorization: 'the secret one' },
      request,
    )
    expect(passed).toEqual(['authorization', 'the secret one', 'host', 'api.example', 'x-request-id', 'rq-1'])
  })

  it('keeps a plain request id and replaces any other', () => {
    expect(requestIdOf('order-17.2', () => 'new')).toBe('order-17.2')
    expect(requestIdOf('two words', () => 'new')).toBe('new')
    expect(requestIdOf('x'.repeat(200), () => 'new')).toBe('new')
    expect(requestIdOf(undefined, () => 'new')).toBe('new')
  })
})

describe('a redirect', () => {
  const through = { base: 'https://api.example/v1', through: '/token/model' }
  const led = (location: string) => passedAnswerHeaders(['Location', location], {}, through)

  it('within the configured address leads back through the console', () => {
    expect(led('/v1/jobs/7?full=1')).toEqual(['Location', '/token/model/jobs/7?full=1'])
    expect(led('https://api.example/v1')).toEqual(['Location', '/token/model'])
  })

  it('to elsewhere loses its address', () => {
    for (const away of [
      'https://evil.example/v1/x',
      '//evil.example/v1/',
      '/admin',
      '/v1/../admin',
      'file:///etc/passwd',
    ])
      expect(led(away)).toEqual(['x-wheelhouse-removed', 'Location'])
  })
})

describe('the path that is called', () => {
  it('is the base with what the caller added', () => {
    expect(targetPath('/v1', '/chat/a%20b?x=1?2')).toEqual({ ok: true, path: '/v1/chat/a%20b?x=1?2' })
    expect(targetPath('/v1', '')).toEqual({ ok: true, path: '/v1' })
    expect(targetPath('', '')).toEqual({ ok: true, path: '/' })
    expect(targetPath('', '?x=1')).toEqual({ ok: true, path: '/?x=1' })
    // Other hosts cannot be named: it is text behind a base, not an address.
    expect(targetPath('/v1', '//evil.example/')).toEqual({ ok: true, path: '/v1//evil.example/' })
  })

  it.each([
    '/../admin',
    '/a/../../admin',
    '/%2e%2e/admin',
    '/%2E./admin',
    '/..%2fadmin',
    '/%252e%252e/admin',
    '/a/..;/admin',
    '/..%5cadmin',
    '/a\\..\\b',
    '/a#b',
    '/bad%zz',
    'http://evil.example/',
    '@evil.example/',
  ])('refuses %s', (rest) => {
    expect(targetPath('/v1', rest).ok).toBe(false)
  })
})
