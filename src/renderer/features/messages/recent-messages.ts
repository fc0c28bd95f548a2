import { useState } from 'react'
import { z } from 'zod'

/** How many are kept, and the longest payload of one that is. */
const mostKept = 8
const longestPayload = 16 * 1024

const publishedSchema = z.object({
  topic: z.string(),
  payload: z.string(),
  qos: z.union([z.literal(0), z.literal(1)]),
  retain: z.boolean(),
})
type Published = z.infer<typeof publishedSchema>

const place = 'wheelhouse.published'

/** The messages that were published last from this page, the newest first; kept for as long as the window is open. */
export function useRecent(): {
  readonly recent: readonly Published[]
  readonly remember: (message: Published) => void
} {
  const [recent, setRecent] = useState<readonly Published[]>(stored)
  return {
    recent,
    remember(message) {
      if (message.payload.length > longestPayload) return
      const text = JSON.stringify(message)
      const kept = [message, ...recent.filter((other) => JSON.stringify(other) !== text)].slice(0, mostKept)
      setRecent(kept)
      try {
        sessionStorage.setItem(place, JSON.stringify(kept))
      } catch {
        // Without room there it is remembered until the tab is left.
      }
    },
  }
}

function stored(): readonly Published[] {
  try {
    return z.array(publishedSchema).parse(JSON.parse(sessionStorage.getItem(place) ?? '[]'))
  } catch {
    return []
  }
}
