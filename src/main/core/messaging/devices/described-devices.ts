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
  readonly away: { readonly since: number; readonly reason: string } | null
}

export interface DescribedDevicesParts {
  readonly watch: DeviceWatch
  readonly records: DeviceRecords
  /** Clients of the embedded broker by id. */
  readonly clients: () => readonly BrokerClient[]
  readonly isEmbedded: () => boolean
  readonly history: (key: string) => Promise<DeviceHistory>
  readonly forget: (key: string) => void
  readonly now: () => number
}

interface Kept {
  facts: DeviceFacts
  view: DeviceView
  revision: number
}

/**
 * The devices that site.yaml describes, as the console shows them: what the data plane heard, and what follows from it. While the router has no
 * broker nobody can tell how they are: then all are unknown, and nothing is told of them.
 */
export class DescribedDevices {
  readonly #parts: DescribedDevicesParts
  #run = newId('d')
  readonly #devices = new Map<string, Kept>()
  #families = new Map<string, { definition: DeviceDefinition; facts: FamilyFacts }>()
  #gone: { readonly key: string; readonly revision: number }[] = []
  #revision = 1
  #away: DevicesSince['away'] = { since: 0, reason: 'The router has not been connected to a broker yet.' }

  constructor(parts: DescribedDevicesParts) {
    this.#parts = parts
    this.#away = { since: parts.now(), reason: 'The router has not been connected to a broker yet.' }
  }

  /** Takes over descriptions, and at first what an earlier run knew of their devices. */
  define(definitions: readonly DeviceDefinition[]): void {
    const isFirst = this.#families.size === 0
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
    if (!isFirst || definitions.length === 0) return
    for (const facts of this.#parts.records.read()) {
      if (this.#families.has(facts.family) && !this.#devices.has(facts.key)) this.#show(facts)
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
      const was = this.#devices.get(facts.key)?.view
      const is = this.#show(facts)
      if (!is) continue
      this.#parts.records.note(facts.key, facts)
      touched.add(facts.family)
      if (this.#away === null) this.#parts.watch.changed(was, is)
    }
    this.#tellFamilies(touched)
  }

  /** Whether the router has its broker. */
  link(isConnected: boolean, reason: string): void {
    if (isConnected === (this.#away === null)) return
    this.#away = isConnected ? null : { since: this.#parts.now(), reason }
    this.#revision++
    for (const { facts } of this.#devices.values()) this.#show(facts)
    this.#tellFamilies(new Set(this.#families.keys()))
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
      away: this.#away,
    }
  }

  get(key: string): DeviceView | undefined {
    const kept = this.#devices.get(key)
    return kept && this.#withClient(kept.view)
  }

  get away(): DevicesSince['away'] {
    return this.#away
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
    this.#parts.forget(key)
    if (family !== undefined) this.#tellFamilies(new Set([family]))
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
    const view = deviceView(facts, family.definition, this.#away)
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
  #tellFamilies(ids: ReadonlySet<string>): void {
    if (this.#away !== null || ids.size === 0) return
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
    return { id, title, filters: [...filters], required, silentAfterMs, most, notKept, lastError }
  }

  #withClient(view: DeviceView): DeviceView {
    const definition = this.#families.get(view.family)?.definition
    if (!definition || !this.#parts.isEmbedded()) return view
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
