/** Where the token rests for as long as the tab lives. Never in a cookie: every service on 127.0.0.1 would get it. */
const storageKey = 'wheelhouse.token'

/** What was found in a fragment: the token, if any, and the fragment that is left without it (`#/services/api`). */
export interface FragmentToken {
  readonly token: string | null
  readonly rest: string
}

/**
 * Finds `token=…` in an address fragment: `#token=abc`, `#token=abc&route=/services`, `#/services?token=abc`. The route is
 * kept. Pure.
 */
export function parseFragment(fragment: string): FragmentToken {
  const body = fragment.replace(/^#/, '')
  const found = /(?:^|[?&])token=([^&]*)/.exec(body)
  if (!found) return { token: null, rest: fragment }
  const token = decodeURIComponent(found[1] ?? '')
  const left = body.replace(/(^|[?&])token=[^&]*&?/, (_all, before: string) => before).replace(/[?&]$/, '')
  const route = /(?:^|&)route=([^&]*)/.exec(left)
  const rest = route ? `#${decodeURIComponent(route[1] ?? '')}` : left === '' ? '' : `#${left}`
  return { token: token === '' ? null : token, rest }
}

/** The parts of a page that {@link takeToken} needs. */
export interface TokenPlace {
  readonly location: { readonly hash: string; readonly pathname: string; readonly search: string }
  readonly history: { replaceState(data: unknown, unused: string, url: string): void }
  readonly storage: Pick<Storage, 'getItem' | 'setItem'>
}

/**
 * The token of this tab: from the address when it carries one, which is then moved into session storage and taken off the
 * address at once, so that it is neither seen nor copied along; else the one that was stored before. `null`: none.
 */
export function takeToken({ location, history, storage }: TokenPlace): string | null {
  const { token, rest } = parseFragment(location.hash)
  if (token === null) return storage.getItem(storageKey)
  storage.setItem(storageKey, token)
  history.replaceState(null, '', `${location.pathname}${location.search}${rest}`)
  return token
}
