import { describe, expect, it } from 'vitest'
import { FilterTrie } from './filter-trie.ts'
import { filterMatches, mistakeInTopic, parseTopicFilter } from './topic-filter.ts'

describe('Topic filters', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/b/', false],
    ['a/b', 'A/b', false],
    ['#', 'a', true],
    ['#', '/', true],
    ['a/#', 'a', true],
    ['a/#', 'a/', true],
    ['a/#', 'a/b/c', true],
    ['a/#', 'ab', false],
    ['+', 'a', true],
    ['+', '', true],
    ['+', 'a/b', false],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['a/+/c', 'a//c', true],
    ['a/+', 'a/', true],
    ['a/+', 'a', false],
    ['+/#', 'a', true],
    ['a/+/#', 'a', false],
    ['a/+/#', 'a/b', true],
    ['#', '$SYS/uptime', false],
    ['+/uptime', '$SYS/uptime', false],
    ['+/+', '$SYS/uptime', false],
    ['$SYS/#', '$SYS/uptime', true],
    ['$SYS/#', '$SYS', true],
    ['$SYS/+', '$SYS/uptime', true],
    ['a/+', 'a/$b', true],
    ['$share/group/a/#', 'a/b', true],
    ['$share/group/#', 'a', true],
    ['$share/group/#', '$SYS/uptime', false],
    ['$share/group//a', '/a', true],
  ])('"%s" on topic "%s" gives %s, alone and in the trie', (text, topic, expected) => {
    const parsed = parseTopicFilter(text)
    if ('mistake' in parsed) throw new Error(parsed.mistake.message)
    expect(filterMatches(parsed.filter, topic)).toBe(expected)
    const trie = new FilterTrie<string>()
    trie.add(parsed.filter, text)
    expect(trie.match(topic.split('/'))).toEqual(expected ? [text] : [])
  })

  it.each([
    ['', 0],
    ['a/#/b', 2],
    ['a#', 1],
    ['a/b#', 3],
    ['#a', 0],
    ['a+', 1],
    ['a/+b/c', 2],
    ['a/b/x+', 5],
    ['a\0b', 1],
    ['$share', 7],
    ['$share/', 7],
    ['$share/g', 8],
    ['$share/g/', 9],
    ['$share/+/a', 7],
    ['$share/g/a/#/b', 11],
    ['\ud800', 0],
  ])('refuses "%s" and names position %i', (text, position) => {
    const parsed = parseTopicFilter(text)
    expect('mistake' in parsed && parsed.mistake.position).toBe(position)
  })

  it('refuses to publish to wildcards, to the broker’s own topics, and beyond 65,535 bytes', () => {
    expect(mistakeInTopic('a/b')).toBeUndefined()
    expect(mistakeInTopic('a/+')?.position).toBe(2)
    expect(mistakeInTopic('a/#')?.position).toBe(2)
    expect(mistakeInTopic('$SYS/x')?.position).toBe(0)
    expect(mistakeInTopic('é'.repeat(32_768))).toBeDefined()
  })

  it('matches in the trie exactly what a naive reference matches, over random filters and topics', () => {
    const random = seeded(42)
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
    for (let round = 0; round < 300; round++) {
      const filters = Array.from({ length: 12 }, () => randomFilter(random, pick))
      const trie = new FilterTrie<number>()
      for (const [index, text] of filters.entries()) {
        const parsed = parseTopicFilter(text)
        if ('mistake' in parsed) throw new Error(`${text}: ${parsed.mistake.message}`)
        trie.add(parsed.filter, index)
      }
      for (let n = 0; n < 20; n++) {
        const levels = Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(['a', 'b', '', '$x']))
        const topic = levels.join('/')
        const expected = filters.flatMap((text, index) => (reference(text, topic) ? [index] : []))
        expect(trie.match(topic.split('/')), `${topic} on ${filters.join(' ')}`).toEqual(expected)
      }
    }
  })
})

/** The words of the specification, as a regular expression. */
function reference(filter: string, topic: string): boolean {
  const plain = filter.replace(/^\$share\/[^/]+\//, '')
  if (topic.startsWith('$') && /^[+#]/.test(plain)) return false
  const source = plain
    .replace(/[$^.*?()[\]{}|\\]/g, '\\$&')
    .replaceAll('+', '[^/]*')
    .replace(/^#$/, '.*')
    .replace(/\/#$/, '(/.*)?')
  return new RegExp(`^${source}$`, 's').test(topic)
}

function randomFilter(random: () => number, pick: <T>(values: readonly T[]) => T): string {
  const levels = Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(['a', 'b', '', '$x', '+', '+']))
  if (random() < 0.3) levels.push('#')
  const text = levels.join('/')
  return text === '' ? '#' : random() < 0.1 ? `$share/g/${text}` : text
}

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}
