/** A topic as the console tells of it. */
export interface SeenTopic {
  readonly topic: string
  readonly count: number
  readonly at: number
  readonly retained: boolean
}

/** One line of the tree: a level of topics, with all that lies below it. */
export interface TopicRow {
  /** The topic down to this level: unique, and the topic itself when messages came on it. */
  readonly path: string
  readonly name: string
  readonly depth: number
  /** Messages on it and below it, and those of the last second. */
  readonly count: number
  readonly perSecond: number
  readonly at: number
  /** Topics at and below it. */
  readonly topics: number
  readonly expandable: boolean
  readonly expanded: boolean
  readonly place: number
  readonly among: number
}

interface Node {
  readonly path: string
  readonly name: string
  readonly depth: number
  readonly parent: Node | null
  readonly children: Map<string, Node>
  /** The children by name; null when one was added since. */
  sorted: readonly Node[] | null
  /** Messages on this very topic. */
  own: number
  seen: boolean
  count: number
  topics: number
  at: number
  /** Messages that the update `turn` has brought. */
  fresh: number
  turn: number
}

/** The topics as a tree. Updates cost as many steps as topics changed, however many there are. */
export class TopicNodes {
  #root = newNode('', '', -1, null)
  #turn = 0
  #seconds = 0

  get topics(): number {
    return this.#root.topics
  }

  /** The first levels. */
  get roots(): readonly string[] {
    return [...this.#root.children.keys()]
  }

  /** Forgets everything: another run counts. */
  clear(): void {
    this.#root = newNode('', '', -1, null)
    this.#seconds = 0
  }

  /** Takes topics whose counts changed, `seconds` after the last update; 0 when there was none. */
  update(topics: readonly SeenTopic[], seconds: number): void {
    this.#turn++
    this.#seconds = seconds
    for (const { topic, count, at } of topics) {
      const leaf = this.#find(topic)
      const more = count - leaf.own
      const isNew = !leaf.seen
      leaf.own = count
      leaf.seen = true
      for (let node: Node | null = leaf; node; node = node.parent) {
        if (isNew) node.topics++
        node.count += more
        if (at > node.at) node.at = at
        if (node.turn !== this.#turn) {
          node.turn = this.#turn
          node.fresh = 0
        }
        node.fresh += more
      }
    }
  }

  /** The lines that are seen: children of what is expanded. With `words` those that hold them in their topic, and the way to them. */
  rows(expanded: ReadonlySet<string>, words = ''): readonly TopicRow[] {
    const rows: TopicRow[] = []
    const wanted = words === '' ? null : matching(this.#root, words.toLowerCase())
    this.#collect(this.#root, expanded, wanted, rows)
    return rows
  }

  #collect(parent: Node, expanded: ReadonlySet<string>, wanted: ReadonlySet<Node> | null, rows: TopicRow[]): void {
    const children = wanted === null ? childrenOf(parent) : childrenOf(parent).filter((child) => wanted.has(child))
    for (const [index, node] of children.entries()) {
      const expandable = node.children.size > 0
      const open = expandable && (wanted !== null || expanded.has(node.path))
      const perSecond = node.turn === this.#turn && this.#seconds > 0 ? node.fresh / this.#seconds : 0
      const { path, name, depth, count, at, topics } = node
      const place = { place: index + 1, among: children.length }
      rows.push({ path, name, depth, count, perSecond, at, topics, expandable, expanded: open, ...place })
      if (open) this.#collect(node, expanded, wanted, rows)
    }
  }

  #find(topic: string): Node {
    let node = this.#root
    let path = ''
    for (const [depth, name] of topic.split('/').entries()) {
      path = depth === 0 ? name : `${path}/${name}`
      let child = node.children.get(name)
      if (!child) {
        child = newNode(path, name, depth, node)
        node.children.set(name, child)
        node.sorted = null
      }
      node = child
    }
    return node
  }
}

/** The filter that shows a line of the tree with all that lies below it. */
export function filterOf(row: Pick<TopicRow, 'path' | 'expandable'>): string {
  return row.expandable ? `${row.path}/#` : row.path
}

/** Nodes whose topic holds the words, and the nodes above them. */
function matching(root: Node, words: string): ReadonlySet<Node> {
  const found = new Set<Node>()
  const visit = (node: Node): boolean => {
    let wanted = node.depth >= 0 && node.seen && node.path.toLowerCase().includes(words)
    for (const child of node.children.values()) if (visit(child)) wanted = true
    if (wanted) found.add(node)
    return wanted
  }
  visit(root)
  return found
}

function childrenOf(node: Node): readonly Node[] {
  node.sorted ??= [...node.children.values()].sort((a, b) => order.compare(a.name, b.name))
  return node.sorted
}

const order = new Intl.Collator('en', { numeric: true })

function newNode(path: string, name: string, depth: number, parent: Node | null): Node {
  const counts = { own: 0, seen: false, count: 0, topics: 0, at: 0, fresh: 0, turn: 0 }
  return { path, name, depth, parent, children: new Map(), sorted: null, ...counts }
}
