import type { BrokerDefinition, TopicPermissions } from '#core/config/index.ts'
import { filterMatches, parseTopicFilter, type TopicFilter } from '../topic-filter.ts'

/** Which topics one client may use. */
export interface TopicRights {
  mayPublish(topic: string): boolean
  /** Whether everything that a filter matches lies within what the client may listen to. */
  maySubscribe(filter: TopicFilter): boolean
}

/** Every topic: for the console itself. */
export const allTopics: TopicRights = { mayPublish: () => true, maySubscribe: () => true }

/** Every topic but those on which the broker tells of all its clients and what they listen to. */
export const ordinaryTopics: TopicRights = {
  mayPublish: () => true,
  maySubscribe: ({ levels }) => levels[0] !== '$SYS',
}

/** The rights of a client: those of its user; else by its id, the first pattern that fits; else those of everybody; else all ordinary topics. */
export function rightsOf(settings: BrokerDefinition, user: string | null, clientId: string): TopicRights {
  const ofUser = user === null ? null : (settings.users[user]?.allow ?? null)
  const ofClient = settings.clients.find(({ pattern }) => fitsPattern(pattern, clientId))?.allow ?? null
  const permissions = ofUser ?? ofClient ?? settings.allow
  return permissions === null ? ordinaryTopics : rightsBy(permissions, user ?? '', clientId)
}

/** Whether a client id fits a pattern in which `*` stands for any characters. Takes time in the length of both, not more. */
export function fitsPattern(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= text.length - last.length
}

/** Whether every topic that `inner` matches is matched by `outer` as well. */
export function filterCovers(outer: TopicFilter, inner: TopicFilter): boolean {
  const [first = ''] = inner.levels
  const [outerFirst = ''] = outer.levels
  // A leading wildcard does not reach topics that begin with "$" (MQTT 3.1.1, section 4.7.2).
  if (first.startsWith('$') && (outerFirst === '#' || outerFirst === '+')) return false
  for (const [index, level] of outer.levels.entries()) {
    if (level === '#') return true
    const asked = inner.levels[index]
    if (asked === undefined || asked === '#') return false
    if (level !== '+' && level !== asked) return false
  }
  return outer.levels.length === inner.levels.length
}

function rightsBy({ publish, subscribe }: TopicPermissions, user: string, clientId: string): TopicRights {
  const filled = (filters: readonly string[]) => filters.flatMap((filter) => filledIn(filter, user, clientId))
  const mayPublishTo = filled(publish)
  const mayListenTo = filled(subscribe)
  return {
    mayPublish: (topic) => mayPublishTo.some((filter) => filterMatches(filter, topic)),
    maySubscribe: (asked) => mayListenTo.some((filter) => filterCovers(filter, asked)),
  }
}

/** A filter with user and client id in it. None when those would become more than a part of one level: an id "#" must open nothing. */
function filledIn(filter: string, user: string, clientId: string): readonly TopicFilter[] {
  const given = { '%u': user, '%c': clientId }
  for (const [placeholder, value] of Object.entries(given)) {
    if (filter.includes(placeholder) && !/^[^/+#$\0]+$/.test(value)) return []
  }
  const parsed = parseTopicFilter(filter.replaceAll(/%[uc]/g, (name) => (name === '%u' ? user : clientId)))
  return 'filter' in parsed ? [parsed.filter] : []
}
