import type { DeviceDefinition } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import { Expressions, isMissingKey, reasonOf } from '../expressions.ts'
import { FilterTrie } from '../filter-trie.ts'
import type { IncomingMessage } from '../incoming-message.ts'
import type { LookupTables } from '../lookup/lookup-tables.ts'
import { longestKept } from '../topic-table.ts'
import type { DeviceFacts, FamilyFacts } from './device-facts.ts'
import { compileFamily, type DeviceSource, type Family, keyOf, sourcesOf } from './device-source.ts'
import { HeardDevice } from './heard-device.ts'

/** Devices of all families, topics whose devices are remembered, and devices beyond the bound that are counted. */
export const mostDevices = 5_000
const mostTopics = 10_000
const mostCounted = 10_000

/** Devices told of at once; the others follow with the next report. */
const mostTold = 1_000

/** Longest text of a figure, and of a word about being there. Characters. */
const longestText = 200

/** A wall clock that moved by so much against the other is told again in all times. Milliseconds. */
const jumpMs = 2_000

/** What a topic is about: nothing for most of them. */
interface Hit {
  readonly source: DeviceSource
  readonly key: string
  /** It speaks there, besides what is said of it. */
  readonly isData: boolean
}

interface Members {
  family: Family
  readonly devices: Map<string, HeardDevice>
  /** Those that will be silent unless they speak, by the time when they last spoke: the first is due first. */
  readonly due: Map<string, HeardDevice>
  readonly notKept: Set<string>
  lastError: string | null
  changed: boolean
}

/**
 * What is heard of the devices that site.yaml describes. A message costs one look-up of its topic; who is silent is found by one timer
 * for the next deadline. Silence is measured on the monotonic clock, and only while their broker is listened to.
 */
export class DeviceTable implements Disposable {
  readonly #clock: Clock
  readonly #tables: LookupTables | undefined
  #sources = new FilterTrie<DeviceSource>()
  #members = new Map<string, Members>()
  readonly #hits = new Map<string, readonly Hit[]>()
  readonly #changed = new Set<HeardDevice>()
  #count = 0
  /** The broker of families that name none, and those that are listened to at present. */
  #home: string | null = null
  readonly #listening = new Set<string | null>()
  #timer: Disposable | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #offset: number

  constructor(clock: Clock, tables?: LookupTables) {
    this.#clock = clock
    this.#tables = tables
    this.#offset = clock.wall() - clock.monotonic()
  }

  /** Whether any device is described. */
  get active(): boolean {
    return this.#members.size > 0
  }

  /** Takes over descriptions. Devices that are known stay; `known` are those of an earlier run. */
  load(definitions: readonly DeviceDefinition[], known: readonly DeviceFacts[]): void {
    const expressions = new Expressions(this.#tables)
    const before = this.#members
    this.#members = new Map()
    this.#sources = new FilterTrie()
    this.#hits.clear()
    this.#count = 0
    for (const definition of definitions) {
      const { family } = compileFamily(definition, expressions)
      for (const source of sourcesOf(family)) this.#sources.add(source.filter, source)
      const old = before.get(definition.id)
      const members = old ?? newMembers(family)
      members.family = family
      members.changed = true
      members.due.clear()
      this.#members.set(definition.id, members)
      this.#count += members.devices.size
      if (!isFamily(definition)) this.#device(members, definition.id)
    }
    const now = this.#clock.monotonic()
    for (const facts of known) {
      const members = this.#members.get(facts.family)
      if (!members || members.devices.get(facts.key)?.heard) continue
      this.#device(members, facts.key)?.restore(facts, now, this.#offset)
    }
    this.#restartSilence(this.#members.values())
  }

  /** Which broker families mean that name none. Another one: they have the whole of their time again. */
  setHome(broker: string | null): void {
    if (broker === this.#home) return
    this.#home = broker
    this.#restartSilence([...this.#members.values()].filter(({ family }) => family.definition.broker === undefined))
  }

  /**
   * Whether messages of a broker come in. While none do nobody that is heard there becomes silent, and afterwards everybody has the whole
   * time again.
   */
  listen(broker: string | null, on: boolean): void {
    if (on === this.#listening.has(broker)) return
    if (on) this.#listening.add(broker)
    else this.#listening.delete(broker)
    this.#restartSilence([...this.#members.values()].filter((members) => this.#brokerOf(members) === broker))
  }

  /** Takes a message of a broker that may be about devices. It must have been held by `message`. */
  take(message: IncomingMessage, broker: string | null = this.#home): void {
    for (const { source, key, isData } of this.#hitsOf(message)) {
      const members = this.#members.get(source.family.definition.id)
      if (!members || this.#brokerOf(members) !== broker) continue
      const device = this.#device(members, key)
      if (!device) continue
      this.#changed.add(device)
      const word = this.#saidBy(source, message)
      const said = word === 'other' && isData ? 'speaks' : word
      const now = this.#clock.monotonic()
      if (isData) this.#readFigures(members, device, message, now)
      // What is kept by the broker tells how things were: nobody speaks.
      if (!message.retained && said !== 'other') device.hear(message.topicName, now, said === 'gone')
      if (said === 'there') device.become('online', wordsOf(source, message), now)
      else if (said === 'gone') this.#gone(members, device, wordsOf(source, message), now, source.what === 'sparkplug')
      else if (said === 'speaks' && !message.retained) device.become('online', 'it speaks', now)
      this.#expect(members, device)
    }
  }

  /** Forgets a device; it is met anew when it speaks. */
  forget(key: string): void {
    const members = this.#members.get(key.split('/')[0] ?? '')
    const device = members?.devices.get(key)
    if (!members || !device || !isFamily(members.family.definition)) return
    members.devices.delete(key)
    members.due.delete(key)
    // What was not told of it yet would make it known again.
    this.#changed.delete(device)
    this.#count--
  }

  /** What changed since the last time, at most 1,000 devices. */
  takeChanged(): { readonly devices: readonly DeviceFacts[]; readonly families: readonly FamilyFacts[] } {
    const offset = this.#clock.wall() - this.#clock.monotonic()
    if (Math.abs(offset - this.#offset) > jumpMs) {
      for (const { devices } of this.#members.values()) for (const device of devices.values()) this.#changed.add(device)
    }
    this.#offset = offset
    const devices: DeviceFacts[] = []
    for (const device of this.#changed) {
      if (devices.length >= mostTold) break
      this.#changed.delete(device)
      devices.push(device.facts(offset))
    }
    const families: FamilyFacts[] = []
    for (const [family, members] of this.#members) {
      if (!members.changed) continue
      members.changed = false
      families.push({ family, notKept: members.notKept.size, lastError: members.lastError })
    }
    return { devices, families }
  }

  /** The last values of the figures of a device, oldest first. */
  history(key: string): Readonly<Record<string, readonly { readonly at: number; readonly value: number }[]>> {
    const members = this.#members.get(key.split('/')[0] ?? '')
    return members?.devices.get(key)?.history(this.#clock.wall() - this.#clock.monotonic()) ?? {}
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
  }

  #brokerOf({ family }: Members): string | null {
    return family.definition.broker ?? this.#home
  }

  #hitsOf({ topicName, topic }: IncomingMessage): readonly Hit[] {
    let hits = this.#hits.get(topicName)
    if (hits === undefined) {
      hits = this.#sources.match(topic).flatMap((source) => {
        const key = keyOf(source, topic)
        return key === null ? [] : [{ source, key, isData: source.what !== 'availability' }]
      })
      const all = hits
      // A topic on which a device both speaks and is said to be there or not is looked at once.
      hits = all
        .filter((hit, index) => all.findIndex(({ key }) => key === hit.key) === index)
        .map((hit) => ({ ...hit, isData: all.some(({ key, isData }) => key === hit.key && isData) }))
      if (this.#hits.size < mostTopics && topicName.length <= longestKept) this.#hits.set(topicName, hits)
    }
    return hits
  }

  #device(members: Members, key: string): HeardDevice | undefined {
    const known = members.devices.get(key)
    if (known) return known
    if (members.devices.size >= members.family.definition.most || this.#count >= mostDevices) {
      if (members.notKept.size < mostCounted && !members.notKept.has(key)) {
        members.notKept.add(key)
        members.changed = true
      }
      return undefined
    }
    const device = new HeardDevice(key, members.family.definition.id, this.#clock.monotonic())
    members.devices.set(key, device)
    if (members.notKept.delete(key)) members.changed = true
    this.#count++
    this.#changed.add(device)
    return device
  }

  #saidBy({ what, family }: DeviceSource, message: IncomingMessage): 'there' | 'gone' | 'speaks' | 'other' {
    if (what === 'data') return 'speaks'
    if (what === 'sparkplug') return saidBySparkplug(message.topic[2] ?? '')
    const { online } = family.definition
    let word = message.bytes.length > longestText ? '' : message.bytes.toString()
    if (family.availability) {
      try {
        word = String(family.availability.run(message))
      } catch {
        return 'other'
      }
    }
    return word === online?.offline ? 'gone' : word === online?.online ? 'there' : 'other'
  }

  #gone(members: Members, device: HeardDevice, reason: string, now: number, isNode: boolean): void {
    device.become('offline', reason, now)
    // An edge node takes its devices along; deaths of nodes are rare.
    if (!isNode || device.key.split('/').length !== 2) return
    for (const [key, child] of members.devices) {
      if (!key.startsWith(`${device.key}/`)) continue
      child.become('offline', `its edge node died: ${reason}`, now)
      members.due.delete(key)
      this.#changed.add(child)
    }
  }

  #readFigures(members: Members, device: HeardDevice, message: IncomingMessage, now: number): void {
    for (const { figure, read } of members.family.figures) {
      try {
        if (read.needsPayload && message.undecodable !== null) throw new Error(message.undecodable)
        const value = read.run(message)
        const plain = typeof value === 'bigint' ? Number(value) : value
        if (typeof plain === 'string') device.measure(figure, plain.slice(0, longestText), now)
        else if (typeof plain === 'boolean') device.measure(figure, plain, now)
        else if (typeof plain === 'number' && Number.isFinite(plain)) device.measure(figure, plain, now)
      } catch (error) {
        // Not every message has every figure.
        if (isMissingKey(error)) continue
        const reason = `${figure.name}: ${reasonOf(error)}`
        if (members.lastError === reason) continue
        members.lastError = reason
        members.changed = true
      }
    }
  }

  /** Waits for the next word of a device. */
  #expect(members: Members, device: HeardDevice): void {
    const { silentAfterMs } = members.family.definition
    members.due.delete(device.key)
    if (silentAfterMs === null || !device.maySilence) return
    members.due.set(device.key, device)
    if (this.#listening.has(this.#brokerOf(members))) this.#wakeAt(device.lastHeard + silentAfterMs)
  }

  /** Those who may be silent have the whole of their time again. */
  #restartSilence(families: Iterable<Members>): void {
    const now = this.#clock.monotonic()
    for (const members of families) {
      if (!this.#listening.has(this.#brokerOf(members))) continue
      for (const device of members.devices.values()) {
        device.lastHeard = now
        this.#expect(members, device)
      }
    }
  }

  #wakeAt(at: number): void {
    if (at >= this.#timerAt) return
    this.#timer?.[Symbol.dispose]()
    this.#timerAt = at
    this.#timer = this.#clock.after(Math.max(0, at - this.#clock.monotonic()), () => this.#silence())
  }

  /** Those whose time has come are silent; the timer is set for the next one. */
  #silence(): void {
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = this.#clock.monotonic()
    let next = Number.POSITIVE_INFINITY
    for (const members of this.#members.values()) {
      const { due, family } = members
      const { silentAfterMs } = family.definition
      if (silentAfterMs === null || !this.#listening.has(this.#brokerOf(members))) continue
      for (const [key, device] of due) {
        if (device.lastHeard + silentAfterMs > now) {
          next = Math.min(next, device.lastHeard + silentAfterMs)
          break
        }
        due.delete(key)
        device.miss(`nothing came from it for ${inWords(silentAfterMs)}`, now)
        this.#changed.add(device)
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#wakeAt(next)
  }
}

function newMembers(family: Family): Members {
  return { family, devices: new Map(), due: new Map(), notKept: new Set(), lastError: null, changed: true }
}

function isFamily({ sparkplug, topics }: DeviceDefinition): boolean {
  return sparkplug !== null || topics.some((topic) => topic.includes('{id}'))
}

function saidBySparkplug(kind: string): 'there' | 'gone' | 'speaks' | 'other' {
  if (kind === 'NBIRTH' || kind === 'DBIRTH') return 'there'
  if (kind === 'NDEATH' || kind === 'DDEATH') return 'gone'
  return kind === 'NDATA' || kind === 'DDATA' ? 'speaks' : 'other'
}

function wordsOf({ what }: DeviceSource, { topic, topicName, bytes }: IncomingMessage): string {
  if (what === 'sparkplug') return `${topic[2]} of its edge node`
  return `“${bytes.toString('utf8', 0, 60)}” came on ${topicName}`
}

function inWords(ms: number): string {
  const seconds = ms / 1_000
  return seconds < 120 ? `${Math.round(seconds * 10) / 10} s` : `${Math.round(seconds / 6) / 10} min`
}
