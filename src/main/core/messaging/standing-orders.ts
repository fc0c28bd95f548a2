import type { DeviceDefinition, OutboxBounds, RouteDefinition, WebhookCall } from '#core/config/index.ts'
import type { DeviceFacts } from './devices/device-facts.ts'
import type { FunctionGround } from './function/function-process.ts'
import type { TableContents } from './lookup/lookup-tables.ts'
import { firstBounds } from './outbox/outbox-room.ts'
import type { KnownBroker, RecordingCounts, RecordingOrder, TapWish, ToDataPlane } from './protocol.ts'

/** The routes, the brokers and the bounds that a data plane works by. */
export interface Configuration {
  readonly version: number
  readonly routes: readonly RouteDefinition[]
  readonly brokers: readonly KnownBroker[]
  readonly bounds: OutboxBounds
  /** Never to be logged. */
  readonly webhooks: Readonly<Record<string, WebhookCall>>
  readonly functions: FunctionGround | null
}

/** Until the site has been read. */
const unread: Configuration = {
  version: 0,
  routes: [],
  brokers: [],
  bounds: firstBounds,
  webhooks: {},
  functions: null,
}

/** What every data-plane thread is to know from its start: it outlasts the thread that was told first. */
export class StandingOrders {
  configuration = unread
  tables: TableContents = {}
  held = false
  devices: readonly DeviceDefinition[] = []
  /** What is known of devices at this moment. */
  knownDevices: () => readonly DeviceFacts[] = () => []
  readonly taps = new Map<number, TapWish>()
  readonly recordings = new Map<number, RecordingOrder>()

  /** What a new thread is told, in this order. */
  all(): readonly ToDataPlane[] {
    return [
      { type: 'tables', contents: this.tables },
      { type: 'devices', definitions: this.devices, known: this.knownDevices() },
      { type: 'configure', ...this.configuration },
      ...[...this.recordings.values()].map((order) => ({ type: 'record' as const, ...order })),
      ...[...this.taps].map(([id, tap]) => ({ type: 'tap-open' as const, id, ...tap })),
      ...(this.held ? [{ type: 'hold' as const, on: true }] : []),
    ]
  }

  /** How far recordings have come: a later thread goes on from there. */
  advance(recordings: readonly RecordingCounts[]): void {
    for (const counts of recordings) {
      const order = this.recordings.get(counts.id)
      if (counts.ended !== null) this.recordings.delete(counts.id)
      else if (order) this.recordings.set(counts.id, { ...order, ...counts })
    }
  }
}
