export { filterMistake } from '#shared/filter-mistake.ts'

/** Why a topic cannot be published to; `null` when it can. */
export function topicMistake(topic: string): string | null {
  if (topic === '') return 'A message needs a topic.'
  if (/[#+]/.test(topic)) return 'A topic to publish to has no wildcards (# or +).'
  if (topic.startsWith('$')) return 'Topics that begin with $ belong to the broker.'
  return null
}
