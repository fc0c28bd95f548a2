/** Why a topic filter cannot be one, in a sentence; `null` when it can. By the rules of MQTT 3.1.1, section 4.7. */
export function filterMistake(filter: string): string | null {
  if (filter === '') return 'A topic filter has at least one character. Use # for everything.'
  const levels = filter.split('/')
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1)) {
      return '# stands alone in the last level, such as site/#.'
    }
    if (level.includes('+') && level !== '+') return '+ stands alone in its level, such as site/+/status.'
  }
  return null
}
