import type { Clock } from '#core/platform/index.ts'
import type { EventLog } from './types.ts'

/** How often the two clocks are compared, and by how much they must have come apart to be told. Milliseconds. */
const everyMs = 10_000
const toldFromMs = 2_000

/**
 * Compares the wall clock with the monotonic one and records `clock.jumped` when it was put forward or back, or when the machine slept.
 * The order of events never depends on it; the notice explains times that do not fit. What happens slowly, as NTP does it, is no jump.
 */
export class ClockWatch implements Disposable {
  readonly #clock: Clock
  readonly #events: Pick<EventLog, 'emit'>
  #wall: number
  #monotonic: number
  #next: Disposable

  /** `last` is the time of the newest event: a clock that stands before it was put back while nobody watched. */
  constructor(clock: Clock, events: Pick<EventLog, 'emit'>, last: number | null) {
    this.#clock = clock
    this.#events = events
    this.#wall = clock.wall()
    this.#monotonic = clock.monotonic()
    if (last !== null && this.#wall < last - toldFromMs) this.#tell(last, this.#wall)
    this.#next = clock.after(everyMs, () => this.#look())
  }

  [Symbol.dispose](): void {
    this.#next[Symbol.dispose]()
  }

  #look(): void {
    const wall = this.#clock.wall()
    const monotonic = this.#clock.monotonic()
    const expected = this.#wall + (monotonic - this.#monotonic)
    this.#wall = wall
    this.#monotonic = monotonic
    if (Math.abs(wall - expected) >= toldFromMs) this.#tell(expected, wall)
    this.#next = this.#clock.after(everyMs, () => this.#look())
  }

  #tell(from: number, to: number): void {
    const back = to < from
    this.#events.emit({
      kind: 'clock.jumped',
      subject: 'machine',
      severity: 'notice',
      message: back
        ? `The clock went back by ${length(from - to)}.`
        : `The clock went ahead by ${length(to - from)}: it was put forward, or the machine slept.`,
      cause: { type: 'observation', what: 'the wall clock against the monotonic clock' },
      data: { from: Math.round(from), to: Math.round(to), byMs: Math.round(to - from) },
    })
  }
}

function length(ms: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1_000],
  ] as const
  const [unit, size] = units.find(([, each]) => ms >= each) ?? ['second', 1_000]
  const count = Math.round(ms / size)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
