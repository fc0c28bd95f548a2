import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { loadSite } from './load-site.ts'
import { commandsOf } from './site-commands.ts'
import { trustFingerprint } from './trust.ts'

const good = '{ function: functions/desk.mjs, timeout: 200ms }'

describe('The function of a route', () => {
  it('is read with what is not said filled in', async () => {
    using site = siteWith(good)
    const loaded = await loadSite(site.path)
    expect(loaded).toMatchObject({ valid: true })
    expect(loaded.definition?.routes.r?.map).toEqual({
      file: 'functions/desk.mjs',
      export: 'default',
      timeoutMs: 200,
      payload: 'json',
    })
  })

  it.each([
    ['that is missing', '{ function: functions/none.mjs }', /with the function of route r is missing/],
    ['that is named from elsewhere', '{ function: ../desk.mjs }', /“\.\.\/desk\.mjs” does not lie in the release/],
    [
      'that is a link to elsewhere',
      '{ function: functions/link.mjs }',
      /“functions\/link\.mjs” does not lie in the release/,
    ],
    ['of another kind', '{ function: site.yaml }', /ends neither in \.mjs nor/],
    ['with too little time', '{ function: functions/desk.mjs, timeout: 1ms }', /cannot be given 1 ms/],
    ['with too much time', '{ function: functions/desk.mjs, timeout: 2m }', /cannot be given 120000 ms/],
    ['with an unknown key', '{ functon: functions/desk.mjs }', /must be a CEL expression, or `\{ function/],
    [
      'that is given text behind enrich',
      `{ function: functions/desk.mjs, payload: text }\n    enrich: { a: "1" }`,
      /`enrich` makes JSON/,
    ],
  ])('%s is a mistake, told once and with its line', async (_what, map, sentence) => {
    using site = siteWith(map)
    const loaded = await loadSite(site.path)
    const problems = loaded.valid ? [] : loaded.problems
    expect(problems).toHaveLength(1)
    expect(problems[0]?.message).toMatch(sentence)
    expect(problems[0]?.line).toBe(6)
  })

  it('is shown before a site is trusted, and another one asks again', async () => {
    using site = siteWith(good)
    using other = siteWith('{ function: functions/desk.mjs, export: other, timeout: 200ms }')
    const [one, two] = [await loadSite(site.path), await loadSite(other.path)]
    if (!one.valid || !two.valid) throw new Error('both are valid')
    expect(commandsOf(one.definition).map(({ of, command }) => `${of} ${command}`)).toContain(
      'route r <messages go through default of functions/desk.mjs>',
    )
    expect(trustFingerprint(one.definition)).not.toBe(trustFingerprint(two.definition))
  })
})

function siteWith(map: string) {
  const folder = temporaryFolder()
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder.path, file)), { recursive: true })
    writeFileSync(join(folder.path, file), text)
  }
  write('functions/desk.mjs', 'export default (n) => n\n')
  symlinkSync(import.meta.filename, join(folder.path, 'functions/link.mjs'))
  write(
    'site.yaml',
    `wheelhouse: 1\nsite: lab\nroutes:\n  r:\n    from: a\n    map: ${map}\n    to: [ { channel: c } ]\n`,
  )
  return folder
}
