import type { TopicsPage } from '#shared/contract/index.ts'

/** Ten thousand topics of a site with many desks, each a little busier each time it is asked for. */
export function sampleTopics(run: string): TopicsPage {
  const first = run === ''
  const at = Date.now()
  const desks = first ? Array.from({ length: 3_333 }, (_, desk) => desk) : [1, 2, 7]
  const topics = desks.flatMap((desk) =>
    ['status', 'battery', 'request'].map((what) => ({
      topic: `consultease/faculty/${desk}/${what}`,
      count: first ? 10 + (desk % 7) : Math.floor(at / 100) % 100_000,
      at,
      retained: what === 'status',
    })),
  )
  const board = { topic: 'consultease/board/presence', count: first ? 500 : 600, at, retained: false }
  return { run: 'sample', sighting: 1, topics: [...topics, board], unlisted: 120, full: false }
}
