/** What the data plane knows of one device. Times are wall-clock milliseconds, worked out from the monotonic clock when they are told. */
export interface DeviceFacts {
  /** `family`, or `family/id`. */
  readonly key: string
  readonly family: string
  readonly state: HeardState
  readonly since: number
  /** When it last spoke itself; null: never. */
  readonly lastAt: number | null
  /** Why it has this state, a clause. */
  readonly reason: string
  /** Never heard, although it should have been by now. */
  readonly overdue: boolean
  readonly messages: number
  /** About so many messages a minute when it last spoke. */
  readonly perMinute: number
  readonly topic: string
  readonly figures: readonly FigureFacts[]
}

/** `never`: described and not heard yet. */
export type HeardState = 'never' | 'online' | 'silent' | 'offline'

export interface FigureFacts {
  readonly name: string
  readonly value: number | string | boolean
  readonly at: number
  /** Beyond a limit of site.yaml. */
  readonly out: 'below' | 'above' | null
}

/** What is told of a family besides its devices. */
export interface FamilyFacts {
  readonly family: string
  /** Devices beyond the bound, at most 10,000 counted. */
  readonly notKept: number
  /** Why a figure could not be read last. */
  readonly lastError: string | null
}
