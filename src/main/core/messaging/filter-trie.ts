import type { TopicFilter } from './topic-filter.ts'

/**
 * Many topic filters matched in one walk: the cost grows with the depth of the topic, not with the number of filters.
 * Values come out in the order in which they were added.
 */
export class FilterTrie<T> {
  readonly #root = newNode<T>()
  #added = 0

  add(filter: TopicFilter, value: T): void {
    let node = this.#root
    for (const level of filter.levels) {
      if (level === '#') {
        node.rest.push({ order: this.#added++, value })
        return
      }
      node = level === '+' ? wildcardChild(node) : child(node, level)
    }
    node.here.push({ order: this.#added++, value })
  }

  /** Every value whose filter matches the topic. */
  match(topicLevels: readonly string[]): T[] {
    const found: Entry<T>[] = []
    const reserved = topicLevels[0]?.startsWith('$') ?? false
    collect(this.#root, topicLevels, 0, reserved, found)
    return found.sort((a, b) => a.order - b.order).map((entry) => entry.value)
  }
}

interface Entry<T> {
  readonly order: number
  readonly value: T
}

interface Node<T> {
  readonly children: Map<string, Node<T>>
  any: Node<T> | undefined
  /** Values of filters that end at this node. */
  readonly here: Entry<T>[]
  /** Values of filters that end in "#" below this node. */
  readonly rest: Entry<T>[]
}

function newNode<T>(): Node<T> {
  return { children: new Map(), any: undefined, here: [], rest: [] }
}

function wildcardChild<T>(node: Node<T>): Node<T> {
  node.any ??= newNode()
  return node.any
}

function child<T>(node: Node<T>, level: string): Node<T> {
  let next = node.children.get(level)
  if (!next) {
    next = newNode()
    node.children.set(level, next)
  }
  return next
}

function collect<T>(
  node: Node<T>,
  levels: readonly string[],
  depth: number,
  reserved: boolean,
  found: Entry<T>[],
): void {
  // A leading wildcard never matches a topic that begins with "$"; deeper ones do.
  const wildcards = depth > 0 || !reserved
  // "#" stands for the parent level as well, so it is taken at every depth, the last one included.
  if (wildcards) found.push(...node.rest)
  const level = levels[depth]
  if (level === undefined) {
    found.push(...node.here)
    return
  }
  const exact = node.children.get(level)
  if (exact) collect(exact, levels, depth + 1, reserved, found)
  if (wildcards && node.any) collect(node.any, levels, depth + 1, reserved, found)
}
