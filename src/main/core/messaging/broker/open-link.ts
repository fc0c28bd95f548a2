import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type BrokerLinkDefinition, passwordOf, type Secrets } from '#core/config/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { BrokerLink } from '../protocol.ts'

export interface LinkGround {
  /** The site folder, absolute. */
  readonly directory: string
  readonly secrets: Secrets
  /** The name under which brokers know this site's router. */
  readonly routerName: string | null
}

/**
 * What the router needs to connect to a broker that somebody else runs: files read, the password filled in. What is missing becomes the
 * reason why there is no connection: routes that need no broker work all the same.
 */
export async function openLink(broker: BrokerLinkDefinition, ground: LinkGround): Promise<BrokerLink> {
  const { url, username, keepaliveMs, share, serverName } = broker
  const link: BrokerLink = {
    ...plainLink(url),
    session: broker.clientId ?? ground.routerName,
    username,
    keepaliveMs,
    share,
    serverName,
    protocol: broker.protocol,
    sessionExpiryMs: broker.sessionExpiryMs,
    mostHops: broker.mostHops,
  }
  try {
    const [ca, cert, key] = await Promise.all(
      (['ca', 'cert', 'key'] as const).map((what) => contentOf(broker, what, ground.directory)),
    )
    const password = broker.password === null ? null : passwordOf(broker.password, ground.secrets)
    return { ...link, password, ca: ca ?? null, cert: cert ?? null, key: key ?? null }
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error
    return { ...link, fault: `${error.problem.message} ${error.problem.remedy}` }
  }
}

/** A connection to an address with nothing else to it. */
export function plainLink(url: string): BrokerLink {
  return {
    url,
    session: null,
    username: null,
    password: null,
    keepaliveMs: 30_000,
    share: null,
    ca: null,
    cert: null,
    key: null,
    serverName: null,
    protocol: null,
    sessionExpiryMs: 7 * 86_400_000,
    largestPacket: null,
    mostLevels: null,
    mostHops: 8,
    fault: null,
  }
}

async function contentOf(
  broker: BrokerLinkDefinition,
  what: 'ca' | 'cert' | 'key',
  directory: string,
): Promise<string | null> {
  const name = broker[what]
  if (name === null) return null
  const path = resolve(directory, name)
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const why =
      error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'it is not there' : 'it cannot be read'
    throw new ConsoleError(
      'broker-file-missing',
      `The router does not connect to ${broker.url}: \`${what}\` is ${path}, and ${why}.`,
      'Put the file there, or correct its path in site.yaml, then reload.',
      { params: { path } },
    )
  }
}
