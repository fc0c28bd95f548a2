import { networkInterfaces } from 'node:os'
import type { SiteView } from '#shared/contract/state.ts'
import type { SiteDefinition } from './config/index.ts'

/** Where MQTT clients reach the site's embedded broker; null for a site without one. */
export function brokerAddress(definition: SiteDefinition): SiteView['broker'] {
  const broker = Object.values(definition.services).find((service) => service.use === 'broker' && service.enabled)
  const port = broker?.ports.mqtt
  if (!broker || port === undefined) return null
  const beyondLoopback = !isLoopback(broker.bind)
  if (!beyondLoopback) {
    return {
      addresses: [`mqtt://127.0.0.1:${port}`],
      beyondLoopback,
      note: `Only programs on this PC can reach it. To let devices connect, set "bind: 0.0.0.0" for ${broker.id} in site.yaml.`,
    }
  }
  const hosts = broker.bind === '0.0.0.0' || broker.bind === '::' ? ['127.0.0.1', ...lanAddresses()] : [broker.bind]
  return {
    addresses: hosts.map((host) => `mqtt://${host}:${port}`),
    beyondLoopback,
    note: 'Every device on this network can connect, because site.yaml binds the broker beyond this PC.',
  }
}

/** The URL of the broker that the router goes to: the one that somebody else runs, else the embedded one; null for a site without any. */
export function routerBrokerUrl(definition: SiteDefinition): string | null {
  const [outside] = Object.values(definition.brokers)
  return outside?.url ?? brokerUrl(definition)
}

/** The URL by which the console itself reaches the embedded broker; null for a site without one. */
export function brokerUrl(definition: SiteDefinition): string | null {
  const broker = Object.values(definition.services).find((service) => service.use === 'broker' && service.enabled)
  const port = broker?.ports.mqtt
  if (!broker || port === undefined) return null
  const host = broker.bind === '0.0.0.0' || broker.bind === '::' || isLoopback(broker.bind) ? '127.0.0.1' : broker.bind
  return `mqtt://${host}:${port}`
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || address.startsWith('127.')
}

function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => address.family === 'IPv4' && !address.internal)
    .map((address) => address.address)
}
