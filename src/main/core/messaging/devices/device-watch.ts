import type { Attention } from '#core/attention/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { DeviceFamilyView, DeviceView } from '#shared/contract/devices.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { messagingEvents } from '../event-kinds.ts'

/** Events of one family within a minute; what happens beyond it is told in one. */
const mostEvents = 20
const withinMs = 60_000

/** Devices that a card names. */
const mostNamed = 5

interface Told {
  count: number
  from: number
  untold: number
  event: Cause | null
}

/** Tells what becomes of devices: events, not too many of them, and one card for each family in trouble. */
export class DeviceWatch {
  readonly #events: EventLog
  readonly #attention: Attention
  readonly #clock: Clock
  readonly #told = new Map<string, Told>()
  readonly #raised = new Set<string>()
  /** Cards of which this run has said how they are; others may stand from before. */
  readonly #said = new Set<string>()

  constructor({ events, attention, clock }: { events: EventLog; attention: Attention; clock: Clock }) {
    this.#events = events
    this.#attention = attention
    this.#clock = clock
  }

  /** Clears the cards of families that went while the console was closed. */
  begin(families: ReadonlySet<string>): void {
    for (const { id } of this.#attention.open()) {
      const family = /^devices-(?:missing|out):(.*)$/.exec(id)?.[1]
      if (family !== undefined && !families.has(family)) this.gone(family)
    }
  }

  /** A device became something else; `was` undefined: it is new. */
  changed(was: DeviceView | undefined, is: DeviceView): void {
    if (was && was.state !== is.state) this.#stateChanged(was, is)
    if (is.state === 'never' && is.troubled && was?.troubled !== true) this.#neverHeard(is)
    for (const figure of is.figures) {
      const before = was?.figures.find(({ name }) => name === figure.name)?.out ?? null
      if (before === figure.out) continue
      const value = `${figure.value}${figure.unit === null ? '' : ` ${figure.unit}`}`
      const limit = `${figure.limit}${figure.unit === null ? '' : ` ${figure.unit}`}`
      const words = figure.out === null ? 'within its limits again' : `${figure.out} ${limit}`
      this.#emit(is, {
        kind: figure.out === null ? messagingEvents.deviceFigureBack : messagingEvents.deviceFigureOut,
        severity: figure.out === null ? 'info' : 'warning',
        message: `${is.title}: ${figure.name} is ${value}, ${words}.`,
        what: `a message on ${is.topic}`,
      })
    }
  }

  /** Raises, changes or clears the cards of a family. */
  family(family: DeviceFamilyView, devices: readonly DeviceView[]): void {
    const { id, title, required } = family
    const missing = required ? devices.filter((device) => device.troubled && !isOut(device)) : []
    const cause = this.#told.get(id)?.event ?? { type: 'observation', what: `what ${title} sent` }
    this.#card(`devices-missing:${id}`, missing, (names, [first]) => ({
      severity: 'error',
      title: missing.length === 1 ? `${names} is ${inState(first)}` : `${missing.length} of ${title} do not answer`,
      why: missing.length === 1 ? (first?.reason ?? '') : `${names}.`,
      subject: missing.length === 1 && first ? `device:${first.key}` : `device:${id}`,
      fix: 'Look at the devices',
      cause,
    }))
    const out = devices.filter((device) => isOut(device) && device.state === 'online')
    this.#card(`devices-out:${id}`, out, (names, [first]) => ({
      severity: 'warning',
      title: out.length === 1 ? `${names}: ${outOf(first)}` : `${out.length} of ${title} are beyond a limit`,
      why: out.length === 1 ? `${names} told it on ${first?.topic ?? ''}.` : `${names}.`,
      subject: out.length === 1 && first ? `device:${first.key}` : `device:${id}`,
      fix: 'Look at the devices',
      cause,
    }))
  }

  /** A family is described no more. */
  gone(id: string): void {
    this.#told.delete(id)
    for (const card of [`devices-missing:${id}`, `devices-out:${id}`]) {
      this.#raised.delete(card)
      this.#attention.clear(card, { type: 'observation', what: `site.yaml describes no ${id} any more` })
    }
  }

  #card(
    id: string,
    devices: readonly DeviceView[],
    make: (
      names: string,
      devices: readonly DeviceView[],
    ) => {
      severity: 'error' | 'warning'
      title: string
      why: string
      subject: string
      fix: string
      cause: Cause
    },
  ): void {
    const named = devices.slice(0, mostNamed).map(({ title }) => title)
    const more = devices.length - named.length
    const { fix, ...text } = make(named.join(', ') + (more > 0 ? ` and ${more} more` : ''), devices)
    if (devices.length === 0) {
      const isNew = !this.#said.has(id)
      this.#said.add(id)
      if (this.#raised.delete(id) || isNew) this.#attention.clear(id, text.cause)
      return
    }
    this.#said.add(id)
    this.#raised.add(id)
    const fixes = [{ label: fix, action: { type: 'go-to' as const, page: '/devices' } }]
    this.#attention.raise({ id, ...text, fixes, dismissible: true })
  }

  #stateChanged(was: DeviceView, is: DeviceView): void {
    const { state, reason, required } = is
    if (state === 'unknown' || was.state === 'unknown' || state === 'never') return
    const kinds = {
      online: messagingEvents.deviceBack,
      silent: messagingEvents.deviceSilent,
      offline: messagingEvents.deviceOffline,
    } as const
    if (state === 'online' && was.state === 'never' && !was.troubled) return
    const words = state === 'online' ? 'is back' : `is ${state}`
    this.#emit(is, {
      kind: kinds[state],
      severity: required && state !== 'online' ? 'warning' : 'info',
      message: `${is.title} ${words}: ${reason}`,
      what: reason.replace(/\.$/, ''),
    })
  }

  #neverHeard(is: DeviceView): void {
    this.#emit(is, {
      kind: messagingEvents.deviceSilent,
      severity: 'warning',
      message: `${is.title} is required and has never been heard: ${is.reason}`,
      what: is.reason.replace(/\.$/, ''),
    })
  }

  #emit(
    { family, key }: DeviceView,
    event: { kind: string; severity: 'info' | 'warning'; message: string; what: string },
  ): void {
    const now = this.#clock.monotonic()
    const told = this.#told.get(family) ?? { count: 0, from: now, untold: 0, event: null }
    this.#told.set(family, told)
    if (now - told.from > withinMs) {
      told.count = 0
      told.from = now
      told.untold = 0
    }
    const { kind, severity, message, what } = event
    if (++told.count > mostEvents) {
      // One that says that there is more; how many in all the page shows.
      if (told.untold++ > 0) return
      const many = `More of ${family} changed within a minute than are told one by one; the Devices page shows how they are.`
      this.#events.emit({
        kind: messagingEvents.deviceMany,
        subject: `device:${family}`,
        severity,
        message: many,
        cause: { type: 'observation', what },
      })
      return
    }
    const cause: Cause = { type: 'observation', what }
    told.event = this.#events.emit({ kind, subject: `device:${key}`, severity, message, cause }).cause
  }
}

function isOut({ figures }: DeviceView): boolean {
  return figures.some(({ out }) => out !== null)
}

function inState(device: DeviceView | undefined): string {
  return device?.state === 'never' ? 'not there yet' : (device?.state ?? 'silent')
}

function outOf(device: DeviceView | undefined): string {
  const figure = device?.figures.find(({ out }) => out !== null)
  if (!figure) return 'a figure is beyond its limit'
  return `${figure.name} is ${figure.value}${figure.unit === null ? '' : ` ${figure.unit}`}`
}
