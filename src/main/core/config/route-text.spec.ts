import { describe, expect, test } from 'vitest'
import { ConsoleError } from '#shared/problem.ts'
import { withRouteText as changedText, routeText } from './route-text.ts'

const withRouteText = (siteText: string, id: string, text: string | null) => changedText(siteText, id, text).siteText

/** Code of what an action is refused with; null when it is not. */
function refusal(action: () => unknown): string | null {
  try {
    action()
    return null
  } catch (error) {
    return error instanceof ConsoleError ? error.problem.code : String(error)
  }
}

const site = `# The lab.
wheelhouse: 1
site: lab

routes:
  # Who is there.
  presence:
    from: desk/+/status # one level
    to:
      - { channel: faculty } # who follows
  alarms:
    from: desk/alarm
    map: |
      {"a": 1,

       "b": 2}
    to: [ { journal: 30d } ]

# Kept a week.
backup:
  data: '0 3 * * *'
`

describe('the text of a route', () => {
  test('is what stands below its id, without its indentation', () => {
    expect(routeText(site, 'presence')).toEqual({
      text: 'from: desk/+/status # one level\nto:\n  - { channel: faculty } # who follows',
      line: 8,
      indent: 4,
    })
    expect(routeText(site, 'alarms')?.text).toBe(
      'from: desk/alarm\nmap: |\n  {"a": 1,\n\n   "b": 2}\nto: [ { journal: 30d } ]',
    )
    expect(routeText(site, 'nobody')).toBeNull()
  })

  test('put back as it is changes no character of the file', () => {
    for (const id of ['presence', 'alarms']) {
      expect(withRouteText(site, id, routeText(site, id)?.text ?? '')).toBe(site)
    }
  })

  test('replaced leaves every other line as it was', () => {
    const changed = withRouteText(site, 'presence', 'from: other/#\nto:\n  - channel: x')
    expect(changed).toBe(
      site.replace(
        '    from: desk/+/status # one level\n    to:\n      - { channel: faculty } # who follows',
        '    from: other/#\n    to:\n      - channel: x',
      ),
    )
  })

  test('removed takes its lines and nothing else', () => {
    expect(withRouteText(site, 'alarms', null)).toBe(site.replace(/ {2}alarms:[\s\S]*30d } \]\n/, ''))
    expect(withRouteText(site, 'nobody', null)).toBe(site)
  })

  test('says where it begins in the changed file', () => {
    const { siteText, line, indent } = changedText(site, 'alarms', 'from: other')
    expect(siteText.split('\n')[line - 1]).toBe(`${' '.repeat(indent)}from: other`)
    const added = changedText(site, 'new-one', 'from: other')
    expect(added.siteText.split('\n')[added.line - 1]).toBe(`${' '.repeat(added.indent)}from: other`)
  })

  test('added stands behind the last route', () => {
    const changed = withRouteText(site, 'new-one', 'from: a\nto: [ { channel: b } ]\n')
    expect(routeText(changed, 'new-one')?.text).toBe('from: a\nto: [ { channel: b } ]')
    expect(withRouteText(changed, 'new-one', null)).toBe(site)
  })

  test.each([
    ['no routes', 'wheelhouse: 1\nsite: lab\n'],
    ['an empty map', 'wheelhouse: 1\nsite: lab\nroutes: {}\n'],
    ['nothing below routes', 'wheelhouse: 1\nroutes:\nsite: lab\n'],
    ['no line break at the end', 'wheelhouse: 1\nsite: lab'],
  ])('is added to a file with %s', (_what, text) => {
    const changed = withRouteText(text, 'first', 'from: a\nto: [ { channel: b } ]')
    expect(routeText(changed, 'first')?.text).toBe('from: a\nto: [ { channel: b } ]')
    expect(changed).toContain('site: lab')
  })

  test('of a route on one line is read and replaced', () => {
    const text =
      'wheelhouse: 1\nroutes:\n  a: { from: x, to: [ { channel: c } ] }\n  b: { from: y, to: [ { channel: c } ] }\n'
    expect(routeText(text, 'a')).toEqual({ text: '{ from: x, to: [ { channel: c } ] }', line: 3, indent: 5 })
    expect(withRouteText(text, 'a', 'from: z')).toBe(
      'wheelhouse: 1\nroutes:\n  a:\n    from: z\n  b: { from: y, to: [ { channel: c } ] }\n',
    )
  })
})

describe('what cannot be changed by itself is refused', () => {
  test('routes that share their lines', () => {
    const text = 'wheelhouse: 1\nroutes: { a: { from: x, to: [ { channel: c } ] } }\n'
    expect(refusal(() => routeText(text, 'a'))).toBe('route-not-editable')
  })

  test('a file that cannot be read', () => {
    expect(refusal(() => routeText('routes: [', 'a'))).toBe('site-yaml-unreadable')
  })

  test('a text that others point into', () => {
    const text = 'wheelhouse: 1\nroutes:\n  a: &all\n    from: x\n    to: [ { channel: c } ]\n  b: *all\n'
    expect(refusal(() => withRouteText(text, 'a', '&all\nfrom: z\nto: [ { channel: c } ]'))).toBe(
      'route-text-reaches-out',
    )
  })
})
