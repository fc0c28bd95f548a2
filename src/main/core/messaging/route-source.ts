import { filterMatches, parseTopicFilter, type TopicFilter, type TopicMistake } from './topic-filter.ts'
import { isPattern, longestPatternTopic, parsePattern } from './topic-pattern.ts'

/** Where a route listens: its matcher, and the filter when it is one. */
export interface RouteSource {
  readonly matches: (topic: string) => boolean
  readonly filter: TopicFilter | null
  /** As it is written. */
  readonly text: string
}

/** Reads a route's `from`, or says what is wrong with it. */
export function sourceOf(from: string): RouteSource | { readonly mistake: TopicMistake } {
  if (isPattern(from)) {
    const parsed = parsePattern(from)
    if ('mistake' in parsed) return parsed
    const { pattern } = parsed
    // Like a leading wildcard, an expression does not reach the broker's own topics.
    const matches = (topic: string) =>
      topic.length <= longestPatternTopic && !topic.startsWith('$') && pattern.test(topic)
    return { matches, filter: null, text: from }
  }
  const parsed = parseTopicFilter(from)
  if ('mistake' in parsed) return parsed
  if (parsed.filter.share !== null) {
    return { mistake: { message: 'Shared subscriptions ($share) are not served in routes.', position: 0 } }
  }
  return { matches: (topic) => filterMatches(parsed.filter, topic), filter: parsed.filter, text: from }
}
