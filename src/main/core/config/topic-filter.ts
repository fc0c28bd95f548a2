/**
 * What is wrong with the form of an MQTT topic filter, as the rest of a sentence that starts with it; undefined when nothing
 * is. Form only (MQTT 3.1.1, section 4.7); what a broker or the router refuses beyond that is theirs to say.
 */
export function topicFilterFault(filter: string): string | undefined {
  if (filter === '') return 'is empty'
  if (filter.includes('\0')) return 'contains a NUL character'
  if (Buffer.byteLength(filter) > 65_535) return 'is longer than 65,535 bytes'
  const levels = filter.split('/')
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && level !== '#') return `has “#” inside the level “${level}”, but “#” fills a whole level`
    if (level === '#' && index < levels.length - 1) return 'has “#” before its end, but “#” may only be the last level'
    if (level.includes('+') && level !== '+') return `has “+” inside the level “${level}”, but “+” fills a whole level`
  }
  return undefined
}

/** What is wrong with a topic that is published to, in the same form. */
export function topicFault(topic: string): string | undefined {
  if (/[+#]/.test(topic)) return 'has a wildcard, but a message is published to one topic'
  return topicFilterFault(topic)
}
