import type { ContractRouterClient } from '@orpc/contract'
import type { Contract, SubscriptionItem, SubscriptionParams, Topic } from '../contract/index.ts'

/** One end of a pipe of string envelopes. */
export interface ClientTransport {
  send(envelope: string): void
  onEnvelope(listener: (envelope: string) => void): void
  onClosed(listener: (reason: string) => void): void
  close(): void
}

/** A greeted connection to a console. */
export interface Connection {
  readonly server: { readonly version: string; readonly epoch: string }
  /** Every call of the contract. Failures are `ConsoleError`s. */
  readonly calls: ContractRouterClient<Contract>
  /**
   * Opens a stream. The next batch is asked for when `onBatch` has returned (or its promise resolved), so a slow reader is
   * sent less, never everything at once. `onEnd` tells why the server ended it, if it did.
   */
  subscribe<T extends Topic>(
    topic: T,
    params: SubscriptionParams<T>,
    onBatch: (batch: {
      readonly items: readonly SubscriptionItem<T>[]
      readonly skipped: number
    }) => void | Promise<void>,
    onEnd?: (problem: import('../problem.ts').Problem | null) => void,
  ): Disposable
  /** Resolves with the reason when the connection is gone, from either side. */
  readonly closed: Promise<string>
  close(): void
}
