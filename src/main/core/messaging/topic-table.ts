import { createHash } from 'node:crypto'
import { FilterTrie } from './filter-trie.ts'
import type { TopicCount, TopicsSince } from './protocol.ts'
import type { RouteChain } from './route-chain.ts'

/** How many topics are remembered with their counts; further ones are routed all the same and counted as hidden. */
export const mostTopics = 10_000

/** Longest topic that is kept as it is, in characters: longer ones are not remembered, and counted by what they hash to. */
export const longestKept = 1_024

/** How many topics are shown. */
export const shownTopics = 200

/** A topic that was seen, and the routes that it goes to. */
export interface TopicEntry {
  readonly topic: string
  readonly levels: readonly string[]
  chains: readonly RouteChain[]
  /** Which routing the chains were worked out for. */
  routing: number
  count: number
  at: number
  retained: boolean
  /** Which sighting was its last: grows with every message. */
  sighting: number
}

/**
 * The topics seen so far. Which routes match is worked out once per topic and routing, so that a known topic costs one look-up
 * however many routes there are.
 */
export class TopicTable {
  readonly #entries = new Map<string, TopicEntry>()
  #filters = new FilterTrie<RouteChain>()
  #patterns: readonly RouteChain[] = []
  #order: ReadonlyMap<RouteChain, number> = new Map()
  #routing = 0
  /** Sightings beyond the bound are remembered as a set of at most as many topics again, to count topics and not messages. */
  readonly #hidden = new Set<string>()
  #changed = true
  #sightings = 0

  /** Routes from now on by these chains. */
  load(chains: readonly RouteChain[]): void {
    this.#routing++
    this.#filters = new FilterTrie()
    for (const chain of chains) if (chain.source.filter) this.#filters.add(chain.source.filter, chain)
    this.#patterns = chains.filter((chain) => chain.source.filter === null)
    this.#order = new Map(chains.map((chain, index) => [chain, index]))
  }

  /** Counts a message and gives the topic's entry with the chains that it goes to. */
  see(topic: string, at: number, retained: boolean): TopicEntry {
    let entry = this.#entries.get(topic)
    if (entry === undefined) entry = this.#meet(topic)
    else if (entry.routing !== this.#routing) this.#route(entry)
    entry.count++
    entry.at = at
    entry.sighting = ++this.#sightings
    if (retained) entry.retained = true
    this.#changed = true
    return entry
  }

  /** The busiest topics when any count changed since this was last asked, else null. */
  takeBusiest(): readonly TopicCount[] | null {
    if (!this.#changed) return null
    this.#changed = false
    return busiest(this.#entries.values(), shownTopics).map(({ topic, count, at, retained }) => ({
      topic,
      count,
      at,
      retained,
    }))
  }

  /** Topics that were seen after a sighting, in no order, and the newest sighting; 0: all of them. */
  since(sighting: number): TopicsSince {
    const topics: TopicCount[] = []
    for (const { topic, count, at, retained, sighting: last } of this.#entries.values()) {
      if (last > sighting) topics.push({ topic, count, at, retained })
    }
    return { topics, sighting: this.#sightings, unlisted: this.#hidden.size, full: this.#hidden.size >= mostTopics }
  }

  get hidden(): number {
    return Math.max(0, this.#entries.size - shownTopics) + this.#hidden.size
  }

  #meet(topic: string): TopicEntry {
    const entry = {
      topic,
      levels: topic.split('/'),
      chains: [],
      routing: 0,
      count: 0,
      at: 0,
      retained: false,
      sighting: 0,
    }
    this.#route(entry)
    const isKept = topic.length <= longestKept
    if (isKept && this.#entries.size < mostTopics) this.#entries.set(topic, entry)
    else if (this.#hidden.size < mostTopics) {
      this.#hidden.add(isKept ? topic : createHash('sha256').update(topic).digest('base64'))
    }
    return entry
  }

  #route(entry: TopicEntry): void {
    const found = this.#filters.match(entry.levels)
    const byPattern = this.#patterns.filter((chain) => chain.source.matches(entry.topic))
    const place = (chain: RouteChain) => this.#order.get(chain) ?? 0
    entry.chains = byPattern.length === 0 ? found : [...found, ...byPattern].sort((a, b) => place(a) - place(b))
    entry.routing = this.#routing
  }
}

/** The entries with the highest counts, highest first, in one pass over all of them. */
function busiest(entries: Iterable<TopicEntry>, most: number): readonly TopicEntry[] {
  let top: TopicEntry[] = []
  let floor = -1
  for (const entry of entries) {
    if (entry.count <= floor) continue
    top.push(entry)
    if (top.length >= most * 4) {
      top = top.sort(byCount).slice(0, most)
      floor = top.at(-1)?.count ?? -1
    }
  }
  return top.sort(byCount).slice(0, most)
}

function byCount(a: TopicEntry, b: TopicEntry): number {
  return b.count - a.count || (a.topic < b.topic ? -1 : 1)
}
