import type { BrokerLinkEntry } from './broker-link-schema.ts'

/** A broker that somebody else runs, and how the router connects to it. */
export interface BrokerLinkDefinition {
  readonly id: string
  readonly url: string
  readonly username: string | null
  /** A reference to a secret. */
  readonly password: string | null
  readonly clientId: string | null
  readonly keepaliveMs: number
  /** Group of a shared subscription; null: the router gets every message. */
  readonly share: string | null
  /** Files, relative to the site folder. */
  readonly ca: string | null
  readonly cert: string | null
  readonly key: string | null
  readonly serverName: string | null
  /** Which MQTT it is spoken to in; null: 5 where it can, else 3.1.1. */
  readonly protocol: '5' | '3.1.1' | null
  /** How long it keeps what comes while the router is away, where it speaks MQTT 5. */
  readonly sessionExpiryMs: number
  /** Messages that were passed on so often are not passed on again. */
  readonly mostHops: number
}

export function toBrokerLink(id: string, entry: BrokerLinkEntry): BrokerLinkDefinition {
  return {
    id,
    url: entry.url,
    username: entry.username ?? null,
    password: entry.password ?? null,
    clientId: entry['client-id'] ?? null,
    keepaliveMs: entry.keepalive,
    share: entry.share ?? null,
    ca: entry.ca ?? null,
    cert: entry.cert ?? null,
    key: entry.key ?? null,
    serverName: entry['server-name'] ?? null,
    protocol: entry.protocol ?? null,
    sessionExpiryMs: entry['session-expiry'],
    mostHops: entry.hops,
  }
}
