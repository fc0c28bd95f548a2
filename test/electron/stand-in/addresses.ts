/**
 * Chromium cannot be taught a scheme from outside, so an address of a scheme that the app registered, `app://wheelhouse/x`,
 * is `https://wheelhouse.app.invalid/x` inside the page: a secure origin of its own, as `standard` and `secure` promise, under
 * a top-level domain that never resolves (RFC 6761). Requests to it are answered by the app's handler before any network is
 * asked. Everything that the app sees (frames, events, requests) carries the app's own address; only the page itself, in
 * `location`, sees the other.
 */
export class Addresses {
  readonly #schemes = new Set<string>()

  register(scheme: string): void {
    this.#schemes.add(scheme)
  }

  knows(scheme: string): boolean {
    return this.#schemes.has(scheme)
  }

  /** The address as Chromium is told it. */
  inChromium(address: string): string {
    const [, scheme, host, rest] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(address) ?? []
    if (scheme === undefined || !this.#schemes.has(scheme)) return address
    return `https://${host}.${scheme}.invalid${rest}`
  }

  /** The address as the app knows it; `blob:` addresses too. */
  inElectron(address: string): string {
    return address.replace(/^(blob:)?https:\/\/([^/?#]*)\.([a-z0-9+-]+)\.invalid/i, (whole, blob = '', host, scheme) =>
      this.#schemes.has(scheme) ? `${blob}${scheme}://${host}` : whole,
    )
  }

  /** `app://wheelhouse` of `app://wheelhouse/index.html`. */
  originOf(address: string): string {
    const url = URL.parse(address)
    if (!url) return 'null'
    return this.#schemes.has(url.protocol.slice(0, -1)) ? `${url.protocol}//${url.host}` : url.origin
  }
}
