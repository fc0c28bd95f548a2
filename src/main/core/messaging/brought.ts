import { type Brought, broughtSchema, mostUserBytes, pairOverhead, sparse } from '#shared/brought.ts'
import type { MessageProperties } from './message-properties.ts'

/** Most user properties that are shown, and most characters of each text. */
const shownBounds = { user: 50, userBytes: Number.POSITIVE_INFINITY, text: 500 }

/** What rows keep: every text whole, as MQTT bounds each; of the user properties those that come first. */
const keptBounds = { user: Number.POSITIVE_INFINITY, userBytes: mostUserBytes, text: Number.POSITIVE_INFINITY }

/** What a message brought, as it is shown: long texts are cut; undefined when it brought nothing. */
export function shownBrought(properties: MessageProperties | null): Brought | undefined {
  return properties === null ? undefined : within(properties, shownBounds)
}

/** What a row kept, as it is shown; undefined when it kept nothing. */
export function shownText(text: string | null): Brought | undefined {
  const kept = broughtIn(text)
  const shown = shownBrought(propertiesIn(kept))
  if (kept === undefined || shown === undefined) return undefined
  return { ...shown, moreUser: shown.moreUser + kept.moreUser, isCut: shown.isCut || kept.isCut }
}

/** What a row of the store keeps of what a message brought, as JSON; null when it brought nothing. */
export function broughtText(properties: MessageProperties | null): string | null {
  return properties === null ? null : JSON.stringify(sparse(within(properties, keptBounds)))
}

/** What {@link broughtText} wrote; undefined also for what it did not write. */
export function broughtIn(text: string | null): Brought | undefined {
  if (text === null) return undefined
  try {
    return broughtSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** As the router has it, apart from what is left out. */
export function propertiesIn(brought: Brought | undefined): MessageProperties | null {
  if (brought === undefined) return null
  const { contentType, responseTopic, correlation, isText, user, id, hops, isSpent, expiresAt } = brought
  return {
    contentType,
    responseTopic,
    correlation: correlation === null ? null : new Uint8Array(Buffer.from(correlation, 'base64')),
    isText,
    user: user.map(({ name, value }) => [name, value]),
    id,
    hops,
    isSpent,
    expiresAt,
  }
}

function within(properties: MessageProperties, most: typeof shownBounds): Brought {
  const { contentType, responseTopic, correlation, isText, user, id, hops, isSpent, expiresAt } = properties
  let isCut = false
  const cut = <T extends string | null>(text: T) => {
    if (text === null || text.length <= most.text) return text
    isCut = true
    return `${text.slice(0, most.text)}…`
  }
  const bytes =
    correlation !== null && correlation.length > most.text ? correlation.subarray(0, most.text) : correlation
  if (bytes !== correlation) isCut = true
  const taken: { name: string; value: string }[] = []
  let size = 0
  for (const [name, value] of user) {
    size += name.length + value.length + pairOverhead
    if (taken.length >= most.user || size > most.userBytes) break
    taken.push({ name: cut(name) ?? '', value: cut(value) ?? '' })
  }
  return {
    contentType: cut(contentType),
    responseTopic: cut(responseTopic),
    correlation: bytes === null ? null : Buffer.from(bytes).toString('base64'),
    isText,
    user: taken,
    moreUser: user.length - taken.length,
    id: cut(id),
    hops,
    isSpent,
    expiresAt,
    isCut: isCut || taken.length < user.length,
  }
}
