import { useEffect, useRef, useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { Problem } from '#shared/problem.ts'
import { usePage } from '../../state/page-context.ts'
import { TopicNodes } from './topic-nodes.ts'

/** How often what changed is asked for. */
const askMs = 1_000

export interface Topics {
  readonly tree: TopicNodes
  /** Grows with each update of the tree. */
  readonly version: number
  /** How many more topics were seen and are not known one by one; `full`: or even more. */
  readonly unlisted: number
  readonly full: boolean
  readonly problem: Problem | null
}

/** The topics that the router has seen, brought up to date once a second while they are shown. */
export function useTopics(): Topics {
  const { link, clock } = usePage()
  const tree = useRef(new TopicNodes())
  const [topics, setTopics] = useState<Omit<Topics, 'tree'>>({ version: 0, unlisted: 0, full: false, problem: null })
  useEffect(() => {
    let known = { run: '', sighting: 0, at: 0 }
    let over = false
    let waiting: { [Symbol.dispose](): void } | undefined
    const ask = async () => {
      try {
        const page = await link.calls.messages.topics({ run: known.run, after: known.sighting })
        if (over) return
        const now = performance.now()
        const goesOn = page.run === known.run
        if (!goesOn) tree.current.clear()
        tree.current.update(page.topics, goesOn ? (now - known.at) / 1_000 : 0)
        known = { run: page.run, sighting: page.sighting, at: now }
        const { unlisted, full } = page
        setTopics(({ version }) => ({ version: version + 1, unlisted, full, problem: null }))
      } catch (error) {
        if (over) return
        const { problem } = toConsoleError(error)
        setTopics((before) => ({ ...before, problem }))
      }
      if (!over) waiting = clock.after(askMs, () => void ask())
    }
    void ask()
    return () => {
      over = true
      waiting?.[Symbol.dispose]()
    }
  }, [link, clock])
  return { tree: tree.current, ...topics }
}
