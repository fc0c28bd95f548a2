import type { ServiceDefinition, UnitDefinition } from '#core/config/index.ts'
import { type Clock, Listeners, type Logger } from '#core/platform/index.ts'
import type { Shown, Systemctl } from './systemctl.ts'
import { isActive, stateSentence, type UnitState, unitState, watchedProperties } from './unit-properties.ts'

/** How a unit was when it was last asked for. */
export interface Standing {
  /** Wall-clock milliseconds. */
  readonly at: number
  /** Null when there is no such unit, no systemd, or no answer. */
  readonly state: UnitState | null
  /** Whether it is certain whether something of it runs. */
  readonly known: boolean
  readonly sentence: string
}

export interface UnitWatchPorts {
  readonly systemctl: Systemctl
  readonly clock: Clock
  readonly logger: Logger
  /** A command that opens the site for a moment asks only when it must know. */
  readonly watches: boolean
}

/** How often systemd is asked, one call for all units; and where there is none. Milliseconds. */
const lookEveryMs = 5_000
const lookSeldomMs = 60_000

/** Looks at the units of a site's services, again and again. */
export class UnitWatch implements Disposable {
  readonly #ports: UnitWatchPorts
  readonly #standings = new Map<string, Standing>()
  readonly #changed: Listeners<string>
  #services: readonly ServiceDefinition[] = []
  #timer: Disposable | null = null
  /** Counts the looks: an answer that was overtaken by a later one is not taken. */
  #looks = 0
  readonly #taken = new Map<string, number>()
  #disposed = false

  constructor(ports: UnitWatchPorts) {
    this.#ports = ports
    this.#changed = new Listeners((error) =>
      ports.logger.error('A listener of units failed.', { error: String(error) }),
    )
  }

  /** Watches the units of these services from now on. */
  watch(services: readonly ServiceDefinition[]): void {
    const before = new Map(this.#services.map(({ id, unit }) => [id, JSON.stringify(unit)]))
    this.#services = services.filter(({ unit }) => unit !== null)
    const now = new Map(this.#services.map(({ id, unit }) => [id, JSON.stringify(unit)]))
    for (const [id, unit] of before) if (now.get(id) !== unit) this.#standings.delete(id)
    this.#timer?.[Symbol.dispose]()
    this.#timer = null
    if (this.#services.length > 0 && this.#ports.watches) void this.#lookAgain()
  }

  standing(service: string): Standing | undefined {
    return this.#standings.get(service)
  }

  /** Asks now. Resolves when what is known is of this moment; never rejects. */
  async refresh(services: readonly ServiceDefinition[]): Promise<void> {
    const look = ++this.#looks
    const asked = services.flatMap(({ id, unit }) => (unit === null ? [] : [{ id, unit }]))
    await Promise.all(
      (['system', 'user'] as const).map(async (of) => {
        const own = asked.filter(({ unit }) => unit.of === of)
        if (own.length === 0) return
        const names = own.map(({ unit }) => unit.name)
        const shown = await this.#ports.systemctl.show(of, names, watchedProperties)
        for (const [index, { id, unit }] of own.entries()) this.#take(id, unit, shown, index, look)
      }),
    )
  }

  onChanged(listener: (service: string) => void): Disposable {
    return this.#changed.add(listener)
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    this.#timer?.[Symbol.dispose]()
    this.#changed.clear()
  }

  async #lookAgain(): Promise<void> {
    const services = this.#services
    await this.refresh(services)
    if (this.#disposed || this.#services !== services) return
    const isAnswered = services.some(({ id }) => this.#standings.get(id)?.state != null)
    this.#timer?.[Symbol.dispose]()
    this.#timer = this.#ports.clock.after(isAnswered ? lookEveryMs : lookSeldomMs, () => void this.#lookAgain())
  }

  #take(id: string, unit: UnitDefinition, shown: Shown, index: number, look: number): void {
    if (this.#disposed || (this.#taken.get(id) ?? 0) > look) return
    this.#taken.set(id, look)
    const before = this.#standings.get(id)
    const now = standingOf(unit, shown, index, this.#ports.clock.wall())
    this.#standings.set(id, now)
    const figures = ({ state, known, sentence }: Standing) => JSON.stringify([state, known, sentence])
    if (!before || figures(before) !== figures(now)) this.#changed.tell(id)
  }
}

function standingOf(unit: UnitDefinition, shown: Shown, index: number, at: number): Standing {
  if (shown.answer !== 'shown') return { at, state: null, known: shown.answer === 'nothing', sentence: shown.sentence }
  const state = unitState(shown.units[index] ?? {})
  const sentence = state ? stateSentence(unit.name, state) : `systemd knows no unit ${unit.name}.`
  return { at, state, known: true, sentence }
}

/** Whether the unit may run something now: also when that cannot be told. */
export function mayRun({ state, known }: Standing): boolean {
  return !known || (state !== null && isActive(state))
}
