import { describe, expect, it } from 'vitest'
import { BoundedQueue } from './bounded-queue.ts'

describe('a bounded queue', () => {
  it('gives everything that fits, in order, and then nothing', () => {
    const queue = new BoundedQueue<number>(3)
    for (const n of [1, 2, 3]) queue.push(n)
    expect(queue.take()).toEqual({ items: [1, 2, 3], skipped: 0 })
    expect(queue.take()).toBeUndefined()
  })

  it('keeps the newest when full and counts what it dropped', () => {
    const queue = new BoundedQueue<number>(3)
    for (let n = 1; n <= 100; n++) queue.push(n)
    expect(queue.take()).toEqual({ items: [98, 99, 100], skipped: 97 })
    queue.push(101)
    expect(queue.take()).toEqual({ items: [101], skipped: 0 })
  })
})
