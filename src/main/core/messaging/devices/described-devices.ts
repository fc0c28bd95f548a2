import type { DeviceDefinition } from '#core/config/index.ts'
import { newId } from '#core/platform/index.ts'
import type { DeviceFamilyView, DeviceView } from '#shared/contract/devices.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { BrokerClient, DeviceHistory } from '../protocol.ts'
import type { DeviceFacts, FamilyFacts } from './device-facts.ts'
import type { DeviceRecords } from './device-records.ts'
import { deviceView } from './device-view.ts'
import type { DeviceWatch } from './device-watch.ts'

/** Keys of devices that are gone and are told to whoever asks later. */
const mostGone = 1_000

/** Devices as they are at one moment, and what of them changed after a revision. */
export interface DevicesSince {
  readonly run: string
  readonly revision: number
  readonly families: readonly DeviceFamilyView[]
  readonly devices: readonly DeviceView[]
  readonly gone: readonly string[]
  /** Brokers of theirs that cannot be listened to at present. */
  readonly away: readonly BrokerAway[]
}

export interface BrokerAway {
  /** Null: the site has none. */
  readonly broker: string | null
  readonly since: number
  readonly reason: string
}

export interface DescribedDevicesParts {
  readonly watch: DeviceWatch
  readonly records: DeviceRecords
  /** Clients of the embedded broker by id. */
  readonly clients: () => readonly BrokerClient[]
  readonly history: (key: string) => Promise<DeviceHistory>
  /** Resolves when the data plane has forgotten it: what it says from then on is new. */
  readonly forget: (key: string) => Promise<void>
  readonly now: () => number
}

interface Kept {
  facts: DeviceFacts
  view: DeviceView
  revision: number
}

/**
 * The devices that site.yaml describes, as the console shows them: what the data plane heard, and what follows from it. While the router has no
 * broker of some nobody can tell how they are: then those are unknown, and nothing is told of them.
 */
export class DescribedDevices {
  readonly #parts: DescribedDevicesParts
  #run = newId('d')
  readonly #devices = new Map<string, Kept>()
  #families = new Map<string, { definition: DeviceDefinition; facts: FamilyFacts }>()
  #gone: { readonly key: string; readonly revision: number }[] = []
  #revision = 1
  /** The site's brokers, the first one meant where a family names none; those that are listened to, and why others are not. */
  #brokers: readonly string[] = []
  #embedded: string | null = null
  readonly #connected = new Set<string>()
  readonly #lost = new Map<string, Omit<BrokerAway, 'broker'>>()
  readonly #begun: Omit<BrokerAway, 'broker'>
  /** Devices that are forgotten here and not yet by the data plane: what it still says of them is old. */
  readonly #forgetting = new Map<string, number>()
  #hasRead = false

  constructor(parts: DescribedDevicesParts) {
    this.#parts = parts
    this.#begun = { since: parts.now(), reason: 'The router has not been connected to a broker yet.' }
  }

  /** Which brokers the site has, the first one meant where a family names none; and which of them is the console's own. */
  know(brokers: readonly string[], embedded: string | null): void {
    const home = this.#brokers[0]
    this.#brokers = brokers
    this.#embedded = embedded
    if (home === brokers[0]) return
    this.#revision++
    for (const { facts } of this.#devices.values()) this.#show(facts)
    this.#tellFamilies(new Set(this.#families.keys()))
  }

  /** Takes over descriptions, and at first what an earlier run knew of their devices. */
  define(definitions: readonly DeviceDefinition[]): void {
    const before = this.#families
    this.#families = new Map(
      definitions.map((definition) => {
        const known = before.get(definition.id)?.facts
        return [definition.id, { definition, facts: known ?? { family: definition.id, notKept: 0, lastError: null } }]
      }),
    )
    this.#revision++
    for (const id of before.keys()) if (!this.#families.has(id)) this.#parts.watch.gone(id)
    for (const [key, kept] of this.#devices) {
      if (!this.#families.has(kept.facts.family)) this.#drop(key)
      else this.#show(kept.facts)
    }
    if (this.#hasRead) return
    this.#hasRead = true
    this.#parts.watch.begin(new Set(this.#families.keys()))
    for (const facts of this.#parts.records.read()) {
      // Of a family that went while the console was closed.
      if (!this.#families.has(facts.family)) this.#parts.records.note(facts.key, null)
      else if (!this.#devices.has(facts.key)) this.#show(facts)
    }
  }

  /** What is known, for a data plane that begins. */
  known(): readonly DeviceFacts[] {
    return [...this.#devices.values()].map(({ facts }) => facts)
  }

  /** The data plane heard something. */
  take(devices: readonly DeviceFacts[], families: readonly FamilyFacts[]): void {
    this.#revision++
    for (const facts of families) {
      const family = this.#families.get(facts.family)
      if (family) family.facts = facts
    }
    const touched = new Set<string>()
    for (const facts of devices) {
      if (this.#forgetting.has(facts.key)) continue
      const was = this.#devices.get(facts.key)?.view
      const is = this.#show(facts)
      if (!is) continue
      this.#parts.records.note(facts.key, facts)
      touched.add(facts.family)
      if (this.#awayOf(facts.family) === null) this.#parts.watch.changed(was, is)
    }
    this.#tellFamilies(touched)
  }

  /** Whether the router is connected to a broker. */
  link(broker: string, isConnected: boolean, reason: string): void {
    if (isConnected === this.#connected.has(broker)) return
    if (isConnected) this.#connected.add(broker)
    else {
      this.#connected.delete(broker)
      this.#lost.set(broker, { since: this.#parts.now(), reason })
    }
    this.#revision++
    const concerned = new Set([...this.#families.keys()].filter((id) => this.#brokerOf(id) === broker))
    for (const { facts } of this.#devices.values()) if (concerned.has(facts.family)) this.#show(facts)
    this.#tellFamilies(concerned)
  }

  /** The router itself is gone. */
  lost(reason: string): void {
    for (const broker of this.#connected) this.link(broker, false, reason)
  }

  /** What changed after a revision of a run; of another run everything. */
  since(run: string, after: number): DevicesSince {
    const from = run === this.#run ? after : 0
    return {
      run: this.#run,
      revision: this.#revision,
      families: [...this.#families.keys()].flatMap((id) => this.#familyView(id) ?? []),
      devices: [...this.#devices.values()]
        .filter(({ revision }) => revision > from)
        .map(({ view }) => this.#withClient(view)),
      gone: from === 0 ? [] : this.#gone.filter(({ revision }) => revision > from).map(({ key }) => key),
      away: this.away,
    }
  }

  get(key: string): DeviceView | undefined {
    const kept = this.#devices.get(key)
    return kept && this.#withClient(kept.view)
  }

  get away(): readonly BrokerAway[] {
    const found = new Map<string | null, BrokerAway>()
    for (const id of this.#families.keys()) {
      const away = this.#awayOf(id)
      if (away) found.set(away.broker, away)
    }
    return [...found.values()]
  }

  /** The last values of the figures of a device. Rejects with `device-unknown`. */
  async history(key: string): Promise<DeviceHistory> {
    this.#known(key)
    return await this.#parts.history(key)
  }

  /** Forgets a device of a family. Throws `device-unknown`, `device-described`. */
  forget(key: string): void {
    this.#known(key)
    if (!key.includes('/')) {
      throw new ConsoleError(
        'device-described',
        `${key} cannot be forgotten, as site.yaml describes it by itself.`,
        'Remove it from `devices` in site.yaml.',
      )
    }
    const family = this.#devices.get(key)?.facts.family
    this.#revision++
    this.#drop(key)
    void this.#forgetThere(key)
    if (family !== undefined) this.#tellFamilies(new Set([family]))
  }

  async #forgetThere(key: string): Promise<void> {
    this.#forgetting.set(key, (this.#forgetting.get(key) ?? 0) + 1)
    try {
      await this.#parts.forget(key)
    } catch {
      // A router that begins anew is not told of it.
    } finally {
      const left = (this.#forgetting.get(key) ?? 1) - 1
      if (left > 0) this.#forgetting.set(key, left)
      else this.#forgetting.delete(key)
    }
  }

  /** The broker that a family means; null without any. */
  #brokerOf(family: string): string | null {
    return this.#families.get(family)?.definition.broker ?? this.#brokers[0] ?? null
  }

  #awayOf(family: string): BrokerAway | null {
    const broker = this.#brokerOf(family)
    if (broker === null) return { broker, ...this.#begun }
    return this.#connected.has(broker) ? null : { broker, ...(this.#lost.get(broker) ?? this.#begun) }
  }

  #known(key: string): void {
    if (this.#devices.has(key)) return
    throw new ConsoleError(
      'device-unknown',
      `No device is called “${key}”.`,
      'Look at the Devices page, or at `wheelhouse devices`, for those that are known.',
    )
  }

  #show(facts: DeviceFacts): DeviceView | undefined {
    const family = this.#families.get(facts.family)
    if (!family) return undefined
    const view = deviceView(facts, family.definition, {
      broker: this.#brokerOf(facts.family),
      away: this.#awayOf(facts.family),
    })
    this.#devices.set(facts.key, { facts, view, revision: this.#revision })
    return view
  }

  #drop(key: string): void {
    this.#devices.delete(key)
    this.#parts.records.note(key, null)
    this.#gone.push({ key, revision: this.#revision })
    if (this.#gone.length <= mostGone) return
    // More than are told one by one: whoever asks next begins anew.
    this.#run = newId('d')
    this.#gone = []
  }

  /** Nothing is said of those whose broker is away: their cards stay as they are. */
  #tellFamilies(concerned: ReadonlySet<string>): void {
    const ids = new Set([...concerned].filter((id) => this.#awayOf(id) === null))
    if (ids.size === 0) return
    const troubled = new Map<string, DeviceView[]>()
    for (const { view } of this.#devices.values()) {
      if (!view.troubled || !ids.has(view.family)) continue
      const list = troubled.get(view.family) ?? []
      troubled.set(view.family, list)
      list.push(view)
    }
    for (const id of ids) {
      const family = this.#familyView(id)
      if (family) this.#parts.watch.family(family, troubled.get(id) ?? [])
    }
  }

  #familyView(id: string): DeviceFamilyView | undefined {
    const family = this.#families.get(id)
    if (!family) return undefined
    const { definition, facts } = family
    const { title, topics, sparkplug, required, silentAfterMs, most } = definition
    const filters = sparkplug === null ? topics : [`spBv1.0/${sparkplug}/+/{id}`]
    const { notKept, lastError } = facts
    return {
      id,
      title,
      broker: this.#brokerOf(id),
      filters: [...filters],
      required,
      silentAfterMs,
      most,
      notKept,
      lastError,
    }
  }

  #withClient(view: DeviceView): DeviceView {
    const definition = this.#families.get(view.family)?.definition
    if (!definition || this.#embedded === null || view.broker !== this.#embedded) return view
    const id = view.key.includes('/') ? view.key.slice(view.family.length + 1) : view.key
    const filled = (text: string) => text.replaceAll('{id}', id)
    const clients = this.#parts.clients()
    const wanted = definition.client === null ? null : filled(definition.client)
    const willTopic = definition.online ? filled(definition.online.topic) : null
    const found =
      wanted === null
        ? clients.find((client) => client.id === id || (willTopic !== null && client.will?.topic === willTopic))
        : clients.find((client) => client.id === wanted)
    if (found) return { ...view, client: { id: found.id, address: found.address, connected: true } }
    return wanted === null ? view : { ...view, client: { id: wanted, address: null, connected: false } }
  }
}
