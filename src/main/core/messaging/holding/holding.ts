import type { IncomingMessage } from '../incoming-message.ts'

/** The stages in which messages wait. */
export type HeldStage = 'limit' | 'function' | 'batch'

/** Where a message that waits is kept. What that means is the holding's own. */
export type HeldPlace = object

/** Keeps the messages of one route that wait in its stages. */
export interface Holding {
  hold(message: IncomingMessage, stage: HeldStage): HeldPlace
  /**
   * Has `go` send on what waited in these places; they are given back once what came of it is safe. `together`: the message that is being
   * taken goes on with them.
   */
  release(places: readonly HeldPlace[], go: () => void, together: boolean): void
  /** The message of a place is given up: a newer one counts in its stead. */
  forget(place: HeldPlace): void
}

/** Keeps nothing: what waits goes with the thread. */
export const memoryHolding: Holding = {
  hold: () => ({}),
  release: (_places, go) => go(),
  forget: () => {},
}
