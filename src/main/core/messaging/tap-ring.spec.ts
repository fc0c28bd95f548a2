import { describe, expect, it } from 'vitest'
import { ringSize, TapRing } from './tap-ring.ts'

function push(ring: TapRing, topic: string, payload: string | Buffer): void {
  ring.push(topic, Buffer.from(payload), 0, false, 1)
}

describe('The ring behind the taps', () => {
  it('gives each reader what matches its filter and its text, one batch at a time', () => {
    const ring = new TapRing()
    ring.open(1, 'a/+', '')
    ring.open(2, '#', 'HELLO')
    push(ring, 'a/b', 'hello')
    push(ring, 'c', 'Hello there')
    push(ring, 'c', 'nothing')
    const batches = ring.batches()
    expect(batches.map(({ id, messages }) => [id, messages.map(({ n }) => n)])).toEqual([
      [1, [1]],
      [2, [1, 2]],
    ])
    push(ring, 'a/x', 'hello')
    expect(ring.batches()).toEqual([])
    ring.grant(1)
    expect(ring.batches().map(({ id, messages }) => [id, messages.length])).toEqual([[1, 1]])
  })

  it('counts what a slow reader did not see, and shows it the newest in order', () => {
    const ring = new TapRing()
    ring.open(1, '#', '')
    for (let n = 0; n < ringSize + 700; n++) push(ring, 'a', String(n))
    const seen: string[] = []
    let skipped = 0
    for (let batch = 0; batch < 10; batch++) {
      for (const given of ring.batches()) {
        seen.push(...given.messages.map(({ payload }) => payload))
        skipped += given.skipped
      }
      ring.grant(1)
    }
    expect(skipped).toBe(700)
    expect(seen).toEqual(Array.from({ length: ringSize }, (_, n) => String(n + 700)))
  })

  it('cuts a long payload to 16 kB at a whole character, and says so', () => {
    const ring = new TapRing()
    ring.open(1, '#', '')
    push(ring, 'text', `${'a'.repeat(16_383)}€${'b'.repeat(100)}`)
    push(ring, 'bytes', Buffer.alloc(20_000, 0xff))
    push(ring, 'empty', '')
    const [text, bytes, empty] = ring.batches()[0]?.messages ?? []
    expect(text).toMatchObject({ payload: 'a'.repeat(16_383), cut: true, encoding: 'utf8', bytes: 16_486 })
    expect(bytes).toMatchObject({ cut: true, encoding: 'hex', bytes: 20_000 })
    expect(bytes?.payload.length).toBeLessThanOrEqual(16_384)
    expect(empty).toMatchObject({ payload: '', cut: false, bytes: 0 })
  })

  it('holds at most 32 MB, and nothing while nobody looks', () => {
    const ring = new TapRing()
    ring.open(1, '#', '')
    for (let n = 0; n < 4_000; n++) push(ring, 'a', Buffer.alloc(16_384))
    let shown = 0
    let skipped = 0
    for (let batch = 0; batch < 100; batch++) {
      for (const given of ring.batches()) {
        shown += given.messages.length
        skipped += given.skipped
        expect(given.messages.length).toBeLessThanOrEqual(65)
      }
      ring.grant(1)
    }
    expect(shown).toBe(2_048)
    expect(shown + skipped).toBe(4_000)
    ring.close(1)
    expect(ring.active).toBe(false)
    ring.open(2, '#', '')
    push(ring, 'a', 'x')
    expect(ring.batches()[0]?.messages.map(({ n }) => n)).toEqual([4_001])
  })
})

describe('Messages of the ring', () => {
  it('are shown cut when they are large, and given whole when asked for, until newer ones take their place', () => {
    const ring = new TapRing()
    ring.open(1, '#', '')
    const large = 'é'.repeat(20_000)
    push(ring, 'a', large)
    const [shown] = ring.batches()[0]?.messages ?? []
    expect(shown).toMatchObject({ cut: true, bytes: 40_000, payload: 'é'.repeat(8_192) })
    expect(ring.whole(1, 1)).toEqual({ payload: large, encoding: 'utf8', bytes: 40_000, cut: false })
    expect(ring.whole(1, 2)).toBeNull()
    for (let n = 0; n < ringSize; n++) push(ring, 'a', 'b')
    expect(ring.whole(1, 1)).toBeNull()
  })

  it('are narrowed to those that a route has seen', () => {
    const ring = new TapRing()
    ring.open(1, '#', '', 'desk')
    push(ring, 'a', 'one')
    ring.push('b', Buffer.from('two'), 0, false, 1).routes.push({ route: 'desk', result: 'filtered' })
    expect(ring.batches()[0]?.messages.map(({ payload }) => payload)).toEqual(['two'])
  })
})
