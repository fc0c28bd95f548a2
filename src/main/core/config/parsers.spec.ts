import { describe, expect, it } from 'vitest'
import { splitCommand } from './command-words.ts'
import { parseDuration } from './duration.ts'
import { editDistance, nearest } from './nearest.ts'
import { needCycles } from './need-rules.ts'
import { parseSize } from './size.ts'
import { topicFault, topicFilterFault } from './topic-filter.ts'

describe('durations', () => {
  it('are read in each unit', () => {
    const texts = ['0s', '500ms', '10s', '1.5s', '5m', '2h', '1d']
    expect(texts.map(parseDuration)).toEqual([0, 500, 10_000, 1500, 300_000, 7_200_000, 86_400_000])
  })

  it('without unit, with spaces, negative, or longer than ten years are none', () => {
    for (const text of ['5', '5 s', '-5s', '5S', '1e3s', '5s ', '', '3651d', '5min']) {
      expect(parseDuration(text)).toBeUndefined()
    }
  })
})

describe('sizes', () => {
  it('are read in powers of 1024', () => {
    expect(['512B', '64KB', '16MB', '1.5GB', '2TB'].map(parseSize)).toEqual([
      512,
      65_536,
      16_777_216,
      1_610_612_736,
      2 * 1024 ** 4,
    ])
  })

  it('without unit or in another spelling are none', () => {
    for (const text of ['16', '16mb', '16 MB', '16M', '-1MB', '']) expect(parseSize(text)).toBeUndefined()
  })
})

describe('splitting a command', () => {
  const words = (text: string) => {
    const split = splitCommand(text)
    return split.ok ? split.words : split.why
  }

  it('follows the quoting of a shell', () => {
    expect(words(`  node  "a b" 'c "d"' e\\ f "g\\"h" --x='' `)).toEqual(['node', 'a b', 'c "d"', 'e f', 'g"h', '--x='])
  })

  it('keeps references and lone dollars as they are', () => {
    expect(words('a --port ${ports.http} $HOME')).toEqual(['a', '--port', '${ports.http}', '$HOME'])
  })

  it('refuses what only a shell can do, and quotes that stay open', () => {
    for (const text of ['a | b', 'a > b', 'a && b', 'a; b', '$(a)', '`a`']) expect(words(text)).toMatch(/only a shell/)
    expect(words('a "b')).toMatch(/never closed/)
  })

  it('passes the same characters on when they are quoted', () => {
    expect(words(`grep 'a|b' ">"`)).toEqual(['grep', 'a|b', '>'])
  })
})

describe('the nearest word', () => {
  it('counts swapped neighbours as one step', () => {
    expect(editDistance('helthy', 'healthy')).toBe(1)
    expect(editDistance('prots', 'ports')).toBe(1)
  })

  it('is told only when it is near', () => {
    expect(nearest('servces', ['services', 'routes'])).toBe('services')
    expect(nearest('banana', ['services', 'routes'])).toBeUndefined()
  })
})

describe('cycles of needs', () => {
  it('are found apart from what only leads into them', () => {
    const needs = new Map([
      ['entry', ['a']],
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['a']],
      ['x', ['y']],
      ['y', []],
    ])
    expect(needCycles(needs)).toEqual([['a', 'b', 'c', 'a']])
  })

  it('do not include two ways to the same service', () => {
    expect(
      needCycles(
        new Map([
          ['top', ['l', 'r']],
          ['l', ['base']],
          ['r', ['base']],
          ['base', []],
        ]),
      ),
    ).toEqual([])
  })
})

describe('topic filters', () => {
  it('with wildcards in whole levels are right', () => {
    for (const filter of ['#', '+', 'a/+/b', '/a', 'a//b', '+/+/#', '$SYS/#'])
      expect(topicFilterFault(filter)).toBeUndefined()
  })

  it('with wildcards elsewhere are wrong', () => {
    for (const filter of ['', 'a#', 'a/#/b', 'a+', 'a/b+/c', '#/a', 'a\0b'])
      expect(topicFilterFault(filter)).toBeTypeOf('string')
  })

  it('are no topics to publish to', () => {
    expect(topicFault('a/+')).toMatch(/wildcard/)
    expect(topicFault('a/b')).toBeUndefined()
  })
})
