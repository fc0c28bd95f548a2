import { describe, expect, it } from 'vitest'
import { codesOf, loadText, problemsOf, siteText } from '../../../../test/support/site-text.ts'

describe('mistakes', () => {
  it('in one place bring no second mistake that only follows from the first', async () => {
    const loaded = await loadText(
      siteText(`services:
  api: { kind: node, run: services/api.mjs, ports: { http: 99999 }, liveness: { tcp: 5 }, pages: { A: "http://x:\${ports.http}/" } }
routes:
  r: { from: a, to: [ { journal: 5 weeks } ] }`),
    )
    expect(codesOf(loaded)).toEqual(['port-out-of-range', 'value-wrong-type', 'duration-bad'])
  })

  it('refuse aliases that unfold to far more than is written', async () => {
    const levels = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(', ')}]`)
    expect(codesOf(await loadText(siteText(['l0: &l0 [x]', ...levels].join('\n'))))).toEqual(['yaml-alias-bomb'])
  })

  it('refuse nesting that would exhaust the parser, in brackets and in dashes', async () => {
    expect(codesOf(await loadText(siteText(`a: ${'['.repeat(50_000)}`)))).toEqual(['yaml-too-deep'])
    expect(codesOf(await loadText(siteText(`a:\n  ${'- '.repeat(50_000)}x`)))).toEqual(['yaml-too-deep'])
  })

  it('do not let a key reach the prototype of what is built', async () => {
    const loaded = await loadText(
      siteText('profiles: { p: { __proto__: { zone: UTC } } }\n__proto__: { polluted: true }'),
      {
        profile: 'p',
      },
    )
    expect(loaded.valid).toBe(false)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })

  it('refuse a file that is too large, and one that is not UTF-8', async () => {
    expect(codesOf(await loadText('#'.repeat(1024 * 1024 + 1)))).toEqual(['site-file-too-big'])
    expect(codesOf(await loadText(new Uint8Array([0x73, 0xff, 0xfe])))).toEqual(['site-file-not-utf8'])
  })

  it('keep what could be read of name and id', async () => {
    const loaded = await loadText(siteText('name: Lab of Physics\nbad: 1'))
    expect(loaded).toMatchObject({ valid: false, id: 'lab', name: 'Lab of Physics' })
    const hostile = await loadText('wheelhouse: 1\nsite: ../../etc\n') // ids become part of paths
    expect(hostile).toMatchObject({ valid: false, id: null, name: null })
  })

  it('of the messaging part are placed in the file', async () => {
    const checkRoute = () => [{ path: 'to.0.mqtt', message: 'The target loops back.', remedy: 'Choose another topic.' }]
    const loaded = await loadText(siteText('routes:\n  r:\n    from: a\n    to:\n      - { mqtt: a }'), { checkRoute })
    expect(problemsOf(loaded)).toMatchObject([
      { code: 'route-invalid', path: 'routes.r.to[0].mqtt', line: 7, column: 17 },
    ])
  })

  it('of routes together are asked for once, without the routes whose form is wrong already', async () => {
    const asked: string[][] = []
    const checkRoutes = (routes: readonly { id: string }[]) => {
      asked.push(routes.map(({ id }) => id))
      return [{ route: 'b', path: 'from', message: 'It feeds itself.', remedy: 'Choose another topic.' }]
    }
    const routes = 'routes:\n  a: { from: a#, to: [{ channel: x }] }\n  b: { from: b, to: [{ channel: x }] }'
    const loaded = await loadText(siteText(routes), { checkRoutes })
    expect(asked).toEqual([['b']])
    expect(problemsOf(loaded).map(({ code, line }) => [code, line])).toEqual([
      ['topic-filter-bad', 4],
      ['route-invalid', 5],
    ])
  })
})
