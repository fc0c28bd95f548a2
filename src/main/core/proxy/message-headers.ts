/** Headers as a flat list of names and values, as Node hands them over and takes them. */
export type RawHeaders = readonly string[]

/** Headers that belong to one connection and are never passed on (RFC 9110, 7.6.1), with those of proxies. */
const ofOneHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

/** Said anew for each try: how long the body is, and that no go-ahead is waited for. */
const saidAnew: ReadonlySet<string> = new Set(['content-length', 'expect'])

/** What of a request's headers is passed on, with those that the console adds; these replace the caller's of the same name. */
export function passedRequestHeaders(
  raw: RawHeaders,
  added: Readonly<Record<string, string>>,
  { host, requestId }: { readonly host: string; readonly requestId: string },
): string[] {
  const own = { ...added, host, 'x-request-id': requestId }
  const replaced = new Set(Object.keys(own).map((name) => name.toLowerCase()))
  const passed = endToEnd(raw).filter(
    ([name]) => !replaced.has(name.toLowerCase()) && !saidAnew.has(name.toLowerCase()),
  )
  return [...passed.flat(), ...Object.entries(own).flat()]
}

/**
 * What of an answer's headers is passed on. A redirect within `base` (an address without a final slash) leads back through
 * `through`; one to elsewhere loses its address, so that nobody is led past what site.yaml allows.
 */
export function passedAnswerHeaders(
  raw: RawHeaders,
  added: Readonly<Record<string, string>>,
  { base, through }: { readonly base: string; readonly through: string },
): string[] {
  const replaced = new Set(Object.keys(added).map((name) => name.toLowerCase()))
  const passed = endToEnd(raw).flatMap(([name, value]): [string, string][] => {
    const lower = name.toLowerCase()
    if (replaced.has(lower)) return []
    if (lower !== 'location' && lower !== 'content-location') return [[name, value]]
    const led = ledThrough(value, base, through)
    return led === null ? [['x-wheelhouse-removed', name]] : [[name, led]]
  })
  return [...passed.flat(), ...Object.entries(added).flat()]
}

/** The id that a call is known by: the caller's when it is a plain word, else a new one. */
export function requestIdOf(given: string | undefined, newId: () => string): string {
  return given !== undefined && /^[\w.:-]{1,128}$/.test(given) ? given : newId()
}

function endToEnd(raw: RawHeaders): readonly [string, string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([raw[at] ?? '', raw[at + 1] ?? ''])
  const named = pairs
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((word) => word.trim().toLowerCase()))
  return pairs.filter(([name]) => !ofOneHop.has(name.toLowerCase()) && !named.includes(name.toLowerCase()))
}

function ledThrough(location: string, base: string, through: string): string | null {
  if (!URL.canParse(location, `${base}/`)) return null
  const target = new URL(location, `${base}/`)
  const { href, origin } = new URL(`${base}/`)
  if (target.origin !== origin || target.username !== '' || target.password !== '') return null
  const whole = `${target.origin}${target.pathname}${target.search}`
  if (whole === href.slice(0, -1)) return through
  return whole.startsWith(href) ? `${through}/${whole.slice(href.length)}${target.hash}` : null
}
