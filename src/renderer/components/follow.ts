import { useCallback, useState } from 'react'

/** How close to the live end counts as being there, in pixels. */
const near = 24

/** Whether a list follows its live end: on by default, off as soon as the reader scrolls away, on again at the end. */
export function useFollow(): {
  readonly following: boolean
  readonly follow: () => void
  readonly hold: () => void
  /** To be told how far the view is from the live end. */
  readonly atDistance: (pixels: number) => void
} {
  const [following, setFollowing] = useState(true)
  return {
    following,
    follow: useCallback(() => setFollowing(true), []),
    hold: useCallback(() => setFollowing(false), []),
    atDistance: useCallback((pixels: number) => {
      if (pixels > near) setFollowing(false)
      else if (pixels <= 2) setFollowing(true)
    }, []),
  }
}
