import { describe, expect, it, vi } from 'vitest'
import { Intake } from './intake.ts'

describe('The intake', () => {
  it('stops while the store is behind, and goes on when there is room', () => {
    let fullness = 0
    const intake = new Intake(() => fullness)
    const next = vi.fn()
    intake.gate(next)
    expect(next).toHaveBeenCalledTimes(1)
    fullness = 0.8
    intake.gate(next)
    expect(next).toHaveBeenCalledTimes(1)
    fullness = 0.6
    intake.progress()
    expect(next).toHaveBeenCalledTimes(1)
    fullness = 0.4
    intake.progress()
    expect(next).toHaveBeenCalledTimes(2)
    intake.close()
    expect(next).toHaveBeenCalledTimes(2)
  })

  it('goes on all the same when the store makes no progress, until it does again', () => {
    vi.useFakeTimers()
    try {
      let fullness = 0.9
      const intake = new Intake(() => fullness)
      const next = vi.fn()
      intake.gate(next)
      vi.advanceTimersByTime(1_500)
      intake.progress()
      vi.advanceTimersByTime(1_500)
      expect(next).not.toHaveBeenCalled()
      vi.advanceTimersByTime(500)
      expect(next).toHaveBeenCalledTimes(1)
      intake.gate(next)
      expect(next).toHaveBeenCalledTimes(2)
      fullness = 0.1
      intake.progress()
      fullness = 0.9
      intake.gate(next)
      expect(next).toHaveBeenCalledTimes(2)
      intake.close()
      expect(next).toHaveBeenCalledTimes(3)
    } finally {
      vi.useRealTimers()
    }
  })
})
