import type { BrokerClientView } from '#shared/contract/index.ts'

/** A client as it is listed: with messages a second each way since the look before. */
export interface ClientRow extends BrokerClientView {
  readonly inRate: number
  readonly outRate: number
  readonly silentMs: number
}

export interface Look {
  readonly at: number
  readonly clients: readonly BrokerClientView[]
}

/** Those silent for longest first. A client that connected again since the look before has no rates yet. Pure. */
export function clientRows(look: Look, before: Look | null, words: string): readonly ClientRow[] {
  const seconds = before === null ? 0 : (look.at - before.at) / 1_000
  const old = new Map(before?.clients.map((client) => [client.id, client]))
  const wanted = words.trim().toLowerCase()
  return look.clients
    .filter((client) => textOf(client).includes(wanted))
    .map((client) => {
      const was = old.get(client.id)
      const same = was?.since === client.since && seconds > 0
      return {
        ...client,
        inRate: same ? Math.max(0, client.received - was.received) / seconds : 0,
        outRate: same ? Math.max(0, client.sent - was.sent) / seconds : 0,
        silentMs: Math.max(0, look.at - client.lastAt),
      }
    })
    .sort((a, b) => a.lastAt - b.lastAt || (a.id < b.id ? -1 : 1))
}

function textOf({ id, address, will, subscriptions }: BrokerClientView): string {
  return [id, address ?? '', will?.topic ?? '', ...subscriptions.map(({ filter }) => filter)].join(' ').toLowerCase()
}
