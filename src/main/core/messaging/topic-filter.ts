/** A topic filter taken apart, as MQTT 3.1.1 section 4.7 and MQTT 5 section 4.8.2 define it. */
export interface TopicFilter {
  /** The filter that topics are compared with: what follows `$share/<group>/`, or all of it. */
  readonly text: string
  readonly levels: readonly string[]
  /** Group of a shared subscription, else null. */
  readonly share: string | null
}

/** What is wrong with a filter or a topic, and where: `position` counts characters from 0. */
export interface TopicMistake {
  readonly message: string
  readonly position: number
}

/** Longest topic or filter on the wire, in bytes of UTF-8 (MQTT 3.1.1, section 1.5.3). */
const longest = 65_535

/** Deepest topic that the embedded broker carries; EMQX allows 128. */
const deepest = 100

/** Takes a topic filter apart, or says what is wrong with it. */
export function parseTopicFilter(text: string): { readonly filter: TopicFilter } | { readonly mistake: TopicMistake } {
  const general = mistakeInText(text, 'topic filter')
  if (general) return { mistake: general }
  if (text.startsWith('$share/') || text === '$share') return parseShared(text)
  const levels = text.split('/')
  const mistake = mistakeInLevels(levels, 0)
  return mistake ? { mistake } : { filter: { text, levels, share: null } }
}

/** Says what is wrong with a topic that a message is to be published to; undefined when nothing is. */
export function mistakeInTopic(topic: string): TopicMistake | undefined {
  const general = mistakeInText(topic, 'topic')
  if (general) return general
  const wildcard = topic.search(/[+#]/)
  if (wildcard >= 0) {
    return { message: `A message cannot be published to the wildcard "${topic[wildcard]}".`, position: wildcard }
  }
  if (topic.startsWith('$')) {
    return { message: 'Topics that begin with "$" belong to the broker itself.', position: 0 }
  }
  return undefined
}

/** Whether a filter that was taken apart matches a topic. For one filter at a time; many belong into a trie. */
export function filterMatches(filter: TopicFilter, topic: string): boolean {
  const { levels } = filter
  const topicLevels = topic.split('/')
  if (topic.startsWith('$') && (levels[0] === '#' || levels[0] === '+')) return false
  for (const [index, level] of levels.entries()) {
    if (level === '#') return true
    if (index >= topicLevels.length) return false
    if (level !== '+' && level !== topicLevels[index]) return false
  }
  // "a/#" also matches its parent level "a": the loop above ended at "#" only when a level was left for it.
  return levels.length === topicLevels.length
}

/** Whether there is a topic that both filters match, given by their levels. */
export function filtersMeet(a: readonly string[], b: readonly string[]): boolean {
  if ((isWildcard(a[0]) && b[0]?.startsWith('$')) || (isWildcard(b[0]) && a[0]?.startsWith('$'))) return false
  for (let index = 0; ; index++) {
    const [one, other] = [a[index], b[index]]
    if (one === '#' || other === '#') return true
    if (one === undefined || other === undefined) return one === other
    if (one !== other && one !== '+' && other !== '+') return false
  }
}

function isWildcard(level: string | undefined): boolean {
  return level === '#' || level === '+'
}

function parseShared(text: string): { readonly filter: TopicFilter } | { readonly mistake: TopicMistake } {
  const [, group = '', ...levels] = text.split('/')
  const start = '$share/'.length
  if (group === '' || /[+#]/.test(group)) {
    return { mistake: { message: 'A shared subscription needs a group without wildcards.', position: start } }
  }
  const filter = levels.join('/')
  if (filter === '') {
    return {
      mistake: { message: 'A shared subscription needs a filter after its group.', position: text.length },
    }
  }
  const mistake = mistakeInLevels(levels, start + group.length + 1)
  return mistake ? { mistake } : { filter: { text: filter, levels, share: group } }
}

function mistakeInText(text: string, what: string): TopicMistake | undefined {
  if (text === '') return { message: `The ${what} is empty.`, position: 0 }
  const nul = text.indexOf('\0')
  if (nul >= 0) return { message: `The ${what} contains a NUL character.`, position: nul }
  if (!text.isWellFormed()) return { message: `The ${what} is not valid Unicode.`, position: 0 }
  if (Buffer.byteLength(text) > longest) {
    return { message: `The ${what} is longer than ${longest} bytes.`, position: 0 }
  }
  if (text.split('/').length > deepest) {
    return { message: `The ${what} has more than ${deepest} levels.`, position: 0 }
  }
  return undefined
}

function mistakeInLevels(levels: readonly string[], offset: number): TopicMistake | undefined {
  let position = offset
  for (const [index, level] of levels.entries()) {
    if (level.includes('#')) {
      if (level !== '#') {
        return {
          message: `"#" must be a level of its own, but stands in "${level}".`,
          position: position + level.indexOf('#'),
        }
      }
      if (index < levels.length - 1) {
        return { message: '"#" must be the last level, but more follows it.', position }
      }
    } else if (level.includes('+') && level !== '+') {
      return {
        message: `"+" must be a level of its own, but stands in "${level}".`,
        position: position + level.indexOf('+'),
      }
    }
    position += level.length + 1
  }
  return undefined
}
