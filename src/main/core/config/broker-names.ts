/** What of a site tells which brokers it has; as read, or as it is defined. */
interface BrokerGround {
  readonly brokers: Readonly<Record<string, unknown>>
  readonly services: Readonly<Record<string, { readonly use?: string | null | undefined; readonly enabled: boolean }>>
}

/** The id of the service that is the embedded broker; null without one. */
export function embeddedBroker({ services }: Pick<BrokerGround, 'services'>): string | null {
  return Object.keys(services).find((id) => services[id]?.use === 'broker' && services[id]?.enabled) ?? null
}

/** The names of a site's brokers: those that somebody else runs, then the embedded one. The first is meant where none is named. */
export function brokerNames(ground: BrokerGround): readonly string[] {
  const embedded = embeddedBroker(ground)
  return [...Object.keys(ground.brokers), ...(embedded === null ? [] : [embedded])]
}
