import { isDeepStrictEqual } from 'node:util'
import { isMap, isNode, isPair, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { ConsoleError } from '#shared/problem.ts'
import { childOf } from './documents.ts'
import { readYaml } from './yaml-text.ts'

/** Where the text of one route stands in that of site.yaml. */
export interface RouteTextPlace {
  /** The route's own text, without the indentation that it has in the file. */
  readonly text: string
  /** Line of site.yaml in which it begins, counted from 1, and the columns that it is indented by there. */
  readonly line: number
  readonly indent: number
}

/** The text of a route in a site.yaml that can be read; null when there is no such route. Throws what to do when it cannot be edited by itself. */
export function routeText(siteText: string, id: string): RouteTextPlace | null {
  const found = pairOf(routesOf(siteText), id)
  return found === undefined ? null : placeOf(siteText, found, id)
}

/** A site.yaml in which one route was written anew. */
export interface ChangedSiteText {
  readonly siteText: string
  /** Line in which the text of the route begins, counted from 1, and the columns that it is indented by there. */
  readonly line: number
  readonly indent: number
}

/**
 * site.yaml with the text of one route replaced, added (when there is none of that id) or, for `null`, removed. Every other character
 * stays as it was written, comments included. Throws a ConsoleError when the text would change anything but the route.
 */
export function withRouteText(siteText: string, id: string, text: string | null): ChangedSiteText {
  const routes = routesOf(siteText)
  const found = pairOf(routes, id)
  if (text === null && found === undefined) return { siteText, line: 1, indent: 0 }
  const { before, keyIndent, after } =
    found === undefined ? roomFor(siteText, routes, id) : around(siteText, found, id, text === null)
  const changed = before + (text === null ? '' : entry(id, text, keyIndent)) + after
  assertOnlyRoute(siteText, changed, id)
  return { siteText: changed, line: before.split('\n').length + 1, indent: keyIndent + 2 }
}

interface Room {
  readonly before: string
  readonly keyIndent: number
  readonly after: string
}

/** What stands before and behind a route; with its line break when the route goes. */
function around(siteText: string, pair: Pair, id: string, goes: boolean): Room {
  const { start, end, keyIndent } = extentOf(siteText, pair, id)
  const rest = siteText.slice(end)
  return { before: siteText.slice(0, start), keyIndent, after: goes ? rest.replace(/^\n/, '') : rest }
}

/** Where a route is put that is not there yet: behind the others. */
function roomFor(siteText: string, routes: Routes, id: string): Room {
  if (routes.pair === undefined) {
    const ended = siteText.endsWith('\n') ? siteText : `${siteText}\n`
    return { before: `${ended}\nroutes:\n`, keyIndent: 2, after: '\n' }
  }
  const last = routes.map?.items.at(-1)
  if (last !== undefined) {
    const { end, keyIndent } = extentOf(siteText, last, isScalar(last.key) ? String(last.key.value) : '')
    return { before: `${siteText.slice(0, end)}\n`, keyIndent, after: siteText.slice(end) }
  }
  // `routes:` without any, whether nothing or `{}` stands there.
  const key = rangeOf(routes.pair.key)
  if (!key) throw notEditable(id)
  const value = rangeOf(routes.pair.value)
  const valueEnd = value && value[1] > key[1] ? value[1] : siteText.indexOf(':', key[1]) + 1
  return { before: `${siteText.slice(0, key[1])}:\n`, keyIndent: 2, after: siteText.slice(valueEnd) }
}

/** `id:` with the text below it, indented, without a line break at its end. */
function entry(id: string, text: string, keyIndent: number): string {
  const inner = ' '.repeat(keyIndent + 2)
  const lines = text.replaceAll('\r\n', '\n').trimEnd().split('\n')
  return [`${' '.repeat(keyIndent)}${id}:`, ...lines.map((line) => (line.trim() === '' ? '' : inner + line))].join('\n')
}

function placeOf(siteText: string, pair: Pair, id: string): RouteTextPlace {
  const { valueStart, end } = extentOf(siteText, pair, id)
  const lineStart = siteText.lastIndexOf('\n', valueStart - 1) + 1
  const line = siteText.slice(0, valueStart).split('\n').length
  const before = siteText.slice(lineStart, valueStart)
  // A value on the line of its key (`{ … }`, `*alias`) has no indentation of its own.
  const own = before.trim() === ''
  const indent = own ? valueStart - lineStart : 0
  const lines = siteText.slice(own ? lineStart : valueStart, end).split('\n')
  return {
    text: lines.map((text) => (text.slice(0, indent).trim() === '' ? text.slice(indent) : text)).join('\n'),
    line,
    indent: own ? indent : before.length,
  }
}

/** From the beginning of the line of the key to the end of the value. Throws when other things stand on those lines. */
function extentOf(siteText: string, pair: Pair, id: string) {
  const key = rangeOf(pair.key)
  const value = rangeOf(pair.value)
  if (!key || !value) throw notEditable(id)
  const start = siteText.lastIndexOf('\n', key[0] - 1) + 1
  const keyIndent = key[0] - start
  if (siteText.slice(start, key[0]).trim() !== '') throw notEditable(id)
  const valueEnd = Math.max(siteText.slice(0, value[1]).trimEnd().length, key[1] + 1)
  // A remark behind the last value is one about it.
  const remark = /^[ \t]+#.*/.exec(siteText.slice(valueEnd))?.[0] ?? ''
  return { start, keyIndent, valueStart: value[0], end: valueEnd + remark.length }
}

interface Routes {
  readonly pair: Pair | undefined
  readonly map: YAMLMap | undefined
}

function routesOf(siteText: string): Routes {
  const document = parseDocument(siteText, { prettyErrors: false, version: '1.2', logLevel: 'error' })
  const root = document.contents
  if (document.errors.length > 0 || !isMap(root)) {
    throw new ConsoleError(
      'site-yaml-unreadable',
      'site.yaml cannot be read at present, so no route in it can be changed from here.',
      'Correct the file in an editor; Settings names its mistakes with their lines.',
    )
  }
  const pair = root.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === 'routes')
  const map = pair && isMap(pair.value) ? pair.value : undefined
  if (pair && !map && !(isScalar(pair.value) && pair.value.value === null) && pair.value !== null)
    throw notEditable('routes')
  if (map?.flow && map.items.length > 0) throw notEditable('routes')
  return { pair, map }
}

function pairOf({ map }: Routes, id: string): Pair | undefined {
  return map?.items.find((item) => isScalar(item.key) && item.key.value === id)
}

/** Start of a node, end of its value, and end of what belongs to it. */
function rangeOf(node: unknown): readonly [number, number, number] | null {
  return isNode(node) ? (node.range ?? null) : null
}

/** That a text which was pasted below a key does not reach beyond it. */
function assertOnlyRoute(before: string, after: string, id: string): void {
  const rest = (text: string) => {
    const read = readYaml(text, 'site.yaml')
    if (!read.ok) return null
    const { value } = read.yaml
    const routes = childOf(value, 'routes')
    const others = Object.entries(typeof routes === 'object' && routes !== null ? routes : {}).filter(
      ([key]) => key !== id,
    )
    return { ...(typeof value === 'object' ? value : {}), routes: Object.fromEntries(others) }
  }
  const old = rest(before)
  const now = rest(after)
  // A text with a mistake in it cannot be compared: whoever checks the file as a whole tells the mistake.
  if (old !== null && now !== null && !isDeepStrictEqual(old, now)) {
    throw new ConsoleError(
      'route-text-reaches-out',
      `The text of route ${id} would change other parts of site.yaml as well.`,
      'Write only the keys of the route, such as `from` and `to`.',
    )
  }
}

function notEditable(id: string): ConsoleError {
  return new ConsoleError(
    'route-not-editable',
    `${id === 'routes' ? 'The routes' : `Route ${id}`} of site.yaml cannot be changed from here, because other things stand on the same lines.`,
    'Write each route below a line of its own, or change it in an editor and reload.',
  )
}
