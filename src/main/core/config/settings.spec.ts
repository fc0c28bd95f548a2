import { expect, it } from 'vitest'
import { loadText, problemsOf, siteText } from '../../../../test/support/site-text.ts'

const settings = `settings:
  level: { value: info, one-of: [debug, info] }
  desks: { type: whole, value: 40, from: 1, to: 200 }
  port: { type: whole, value: 8101 }
  slow: { type: duration, value: 5s }
  loud: { type: switch, value: on }
`
const services = `services:
  api:
    kind: external
    title: "\${settings.level} of \${settings.desks}"
    ports: { http: "\${settings.port}" }
    optional: "\${settings.loud}"
    env: { LOG: "\${settings.level}", DESKS: "\${settings.desks}", KEPT: "$\${settings.desks}" }
    readiness: { http: "http://127.0.0.1:\${ports.http}/", every: "\${settings.slow}" }
`

it('stand for values wherever a service, a dependency or a check has one, of the kind that they are', async () => {
  const loaded = await loadText(siteText(settings + services))
  expect(problemsOf(loaded)).toEqual([])
  expect(loaded.definition?.services.api).toMatchObject({
    title: 'info of 40',
    ports: { http: 8101 },
    optional: true,
    env: { LOG: 'info', DESKS: '40', KEPT: '$${settings.desks}' },
    probes: { readiness: { everyMs: 5_000 } },
  })
})

it('take values from later layers, which are checked as well', async () => {
  const given = (value: string) => ({ given: { environment: { WHEELHOUSE_SITE__settings__desks__value: value } } })
  const more = await loadText(siteText(settings + services), given('50'))
  expect(more.definition?.services.api?.env.DESKS).toBe('50')
  const [problem] = problemsOf(await loadText(siteText(settings + services), given('500')))
  expect(problem).toMatchObject({
    code: 'number-out-of-range',
    file: 'environment variable WHEELHOUSE_SITE__settings__desks__value',
    message: 'settings.desks is the number 500, but must be a whole number from 1 to 200.',
  })
})

it.each([
  ['{ value: inof, one-of: [debug, info] }', 'value-unknown', 'Write `info`, if that is what was meant.'],
  ['{ type: whole, value: 1.5 }', 'value-wrong-type', 'Write a whole number.'],
  ['{ type: number, value: "5" }', 'value-wrong-type', 'Write a number.'],
  ['{ type: switch, value: perhaps }', 'value-wrong-type', 'Write `on` or `off`.'],
  ['{ type: duration, value: long }', 'duration-bad', 'Write a duration such as `500ms`, `10s`, `5m`.'],
  ['{ type: size, value: big }', 'size-bad', 'Write a size such as `256MB`.'],
  ['{ value: B12, pattern: "[A-Z]-\\\\d+" }', 'value-wrong', 'Write a text that matches `[A-Z]-\\d+`.'],
  ['{ required: on }', 'value-missing', 'Add `value`, or give it with `WHEELHOUSE_SITE__settings__x__value`.'],
  ['{ from: 3 }', 'setting-rule', 'Remove it, or write `type: number`.'],
  ['{ type: number, from: 3, to: 2 }', 'setting-rule', 'Write the smaller one as `from`.'],
  ['{ pattern: "[" }', 'setting-rule', 'Correct it; `\\d{3}` means three digits.'],
])('%s is told as %s', async (setting, code, remedy) => {
  const problems = problemsOf(await loadText(siteText(`settings:\n  x: ${setting}\n`)))
  expect(problems.map((problem) => [problem.code, problem.line, problem.remedy])).toEqual([[code, 4, remedy]])
})

it.each([
  [
    '{ type: whole, value: 41, check: "value % 2 == 0", says: Two desks share a table. }',
    'is the number 41. Two desks share a table.',
  ],
  ['{ type: number, value: 2.5, check: "value * 2 < 5" }', '`value * 2 < 5` must hold for it.'],
  ['{ value: lab, check: "value.startsWith(\'B\')" }', "`value.startsWith('B')` must hold for it."],
  ['{ type: duration, value: 5s, check: "value < 5000" }', '`value < 5000` must hold for it.'],
  ['{ type: size, value: 2MB, check: "value <= 1048576" }', 'must hold for it.'],
  ['{ type: switch, value: on, check: "!value" }', '`!value` must hold for it.'],
  ['{ type: whole, value: 0, check: "10 / value > 1" }', 'cannot be said'],
])('%s is refused in its own words', async (setting, words) => {
  const problems = problemsOf(await loadText(siteText(`settings:\n  x: ${setting}\n`)))
  expect(problems.map(({ code, line, path }) => [code, line, path])).toEqual([['value-refused', 4, 'settings.x.value']])
  expect(problems[0]?.message).toContain(words)
})

it('a condition that holds is silent, and one on a later layer too', async () => {
  const body =
    'settings: { desks: { type: whole, value: 40, check: "value % 2 == 0" }, s: { value: "${secrets.S}", check: "size(value) > 99" } }'
  expect(problemsOf(await loadText(siteText(body)))).toEqual([])
  const given = { environment: { WHEELHOUSE_SITE__settings__desks__value: '41' } }
  expect(problemsOf(await loadText(siteText(body), { given }))[0]?.file).toContain('settings__desks__value')
})

it.each([
  ['{ type: whole, value: 1, check: "value +" }'],
  ['{ type: whole, value: 1, check: "value + 1" }'],
  ['{ type: whole, value: 1, check: "desks > 1" }'],
  ['{ type: whole, value: 1, check: "1 == 1" }'],
  ['{ type: whole, value: 1, check: "value.startsWith(\'1\')" }'],
  ['{ value: a, check: "value.matches(\'(a+)+b\')" }'],
  ['{ value: a, says: Never. }'],
])('%s is a rule that cannot be kept', async (setting) => {
  const problems = problemsOf(await loadText(siteText(`settings:\n  x: ${setting}\n`)))
  expect(problems.map(({ code }) => code)).toEqual(['setting-rule'])
})

it('a reference to a setting that there is not is told with the nearest', async () => {
  const yaml = siteText(`${settings}services: { api: { kind: external, env: { A: "\${settings.desk}" } } }`)
  const [problem] = problemsOf(await loadText(yaml))
  expect(problem).toMatchObject({ code: 'variable-unknown', remedy: expect.stringContaining('${settings.desks}') })
})
