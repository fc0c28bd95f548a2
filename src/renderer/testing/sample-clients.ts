import type { BrokerClientView } from '#shared/contract/index.ts'

/** Fifteen desk units, of which one has been silent for an hour. */
export function sampleClients(now: number): readonly BrokerClientView[] {
  return Array.from({ length: 15 }, (_, desk) => ({
    id: `desk-unit-${desk + 1}`,
    address: `10.0.0.${20 + desk}:4${100 + desk}`,
    since: now - 7_200_000,
    lastAt: desk === 6 ? now - 3_600_000 : now - desk * 200,
    received: Math.floor(now / 500) % 100_000,
    sent: 40,
    subscriptions: [{ filter: `consultease/faculty/${desk + 1}/set`, qos: 1 }],
    moreSubscriptions: 0,
    will: { topic: `consultease/faculty/${desk + 1}/status`, payload: '{"online":false}', qos: 1, retain: true },
  }))
}
