import { createHash } from 'node:crypto'
import type { IPublishPacket } from 'mqtt'
import { isPlainTopic, isSayable, pairOverhead } from '#shared/brought.ts'

/** User property in which each console counts one more: how many consoles have passed a message on. */
export const hopsProperty = 'wheelhouse-hops'

/** User property by which a receiver can tell a second copy of a message. */
export const idProperty = 'message-id'

/** What a message of MQTT 5 brings besides topic and payload. Those of other versions bring nothing. */
export interface MessageProperties {
  readonly contentType: string | null
  readonly responseTopic: string | null
  readonly correlation: Uint8Array | null
  /** Whether its sender says that the payload is UTF-8 text (payload format indicator). */
  readonly isText: boolean
  /** In their order; a name may stand several times. Without the two that consoles give themselves. */
  readonly user: readonly (readonly [name: string, value: string])[]
  /** The same for each copy of the message; null when its sender gave none. */
  readonly id: string | null
  /** How many consoles have passed it on. */
  readonly hops: number
  /** Whether that are too many for it to be passed on again. */
  readonly isSpent: boolean
  /** Wall-clock milliseconds from which on nobody wants it any more; null: never. */
  readonly expiresAt: number | null
}

/** The properties as mqtt.js takes them. */
export type PublishProperties = NonNullable<IPublishPacket['properties']>

/** What expressions see as `properties`; a key that the message does not have is missing. */
export type ShownProperties = Readonly<Record<string, unknown>>

const nothing: ShownProperties = Object.freeze({ user: Object.freeze({}), hops: 0n })

/** What a packet brought that came at `at`; null when it brought nothing. */
export function propertiesOf(packet: IPublishPacket, at: number, mostHops: number): MessageProperties | null {
  const { properties } = packet
  if (properties === undefined) return null
  const { contentType, responseTopic, messageExpiryInterval, correlationData } = properties
  const user: [string, string][] = []
  let id: string | null = null
  let hops = 0
  for (const [name, values] of Object.entries(properties.userProperties ?? {})) {
    for (const value of typeof values === 'string' ? [values] : values) {
      if (!isSaid(name) || !isSaid(value)) continue
      if (name === idProperty) id = value === '' ? id : value
      else if (name === hopsProperty) hops = Math.max(hops, hopsIn(value))
      else user.push([name, value])
    }
  }
  return {
    contentType: isSaid(contentType) ? contentType : null,
    responseTopic: isSaid(responseTopic) && isPlainTopic(responseTopic) ? responseTopic : null,
    // A window on what was read from the network becomes bytes of its own.
    correlation: correlationData instanceof Uint8Array ? new Uint8Array(correlationData) : null,
    isText: properties.payloadFormatIndicator === true,
    user,
    id,
    hops,
    isSpent: hops >= mostHops,
    expiresAt: typeof messageExpiryInterval === 'number' ? at + messageExpiryInterval * 1_000 : null,
  }
}

/** What goes on with a payload that a route has made anew: it is text, and no other kind of content than JSON is still what it was. */
export function withNewPayload(properties: MessageProperties, isText: boolean): MessageProperties {
  const { contentType } = properties
  const isJson = contentType !== null && /[/+]json\b/i.test(contentType)
  return { ...properties, isText, contentType: isJson ? contentType : null }
}

/** The properties of a message that a person sends again: it begins its way anew, and is wanted whatever it was told. */
export function anew(properties: MessageProperties | null): MessageProperties | null {
  return properties && { ...properties, hops: 0, isSpent: false, expiresAt: null }
}

/** What a message bears that was made of several, of which one had been passed on so often. */
export function gatheredProperties(hops: number): MessageProperties | null {
  if (hops === 0) return null
  const none = { contentType: null, responseTopic: null, correlation: null, isText: false, user: [], id: null }
  return { ...none, hops, isSpent: false, expiresAt: null }
}

/** Bytes that they take, about. */
export function bytesOfProperties(properties: MessageProperties | null): number {
  if (properties === null) return 0
  const { contentType, responseTopic, correlation, user, id } = properties
  const texts = [contentType, responseTopic, id, correlation]
  let bytes = texts.reduce((sum, text) => sum + (text?.length ?? 0), 0)
  for (const [name, value] of user) bytes += name.length + value.length + pairOverhead
  return bytes
}

export function shownProperties(properties: MessageProperties | null): ShownProperties {
  if (properties === null) return nothing
  const { contentType, responseTopic, correlation, id, expiresAt } = properties
  return {
    // Of a name that stands several times the first value: the last to be set wins.
    user: Object.fromEntries([...properties.user].reverse()),
    hops: BigInt(properties.hops),
    ...(contentType !== null && { contentType }),
    ...(responseTopic !== null && { responseTopic }),
    ...(correlation !== null && { correlation }),
    ...(id !== null && { id }),
    ...(expiresAt !== null && { expires: new Date(expiresAt).toISOString() }),
  }
}

/** What a message is sent on with: one hop more, the id of this copy, and the time that is left. `now` is wall-clock milliseconds. */
export function publishProperties(
  properties: MessageProperties | null,
  copy: { readonly id: string | null; readonly expiresAt: number | null },
  now: number,
): PublishProperties {
  return packetProperties(properties, (properties?.hops ?? 0) + 1, copy, now)
}

/** What a message is sent again with that was recorded: what it had, with no hop more. */
export function replayProperties(properties: MessageProperties, now: number): PublishProperties {
  return packetProperties(properties, properties.hops, properties, now)
}

function packetProperties(
  properties: MessageProperties | null,
  hops: number,
  copy: { readonly id: string | null; readonly expiresAt: number | null },
  now: number,
): PublishProperties {
  const id = copy.id ?? properties?.id ?? null
  const user = new Map<string, string[]>()
  for (const [name, value] of properties?.user ?? []) {
    const values = user.get(name)
    if (values) values.push(value)
    else user.set(name, [value])
  }
  if (hops > 0) user.set(hopsProperty, [String(hops)])
  if (id !== null) user.set(idProperty, [id])
  const { contentType = null, responseTopic = null, correlation = null, isText = false } = properties ?? {}
  return {
    ...(user.size > 0 && { userProperties: Object.fromEntries(user) }),
    ...(contentType !== null && { contentType }),
    ...(responseTopic !== null && { responseTopic }),
    ...(correlation !== null && { correlationData: Buffer.from(correlation) }),
    ...(isText && { payloadFormatIndicator: true }),
    ...(copy.expiresAt !== null && { messageExpiryInterval: secondsLeft(copy.expiresAt, now) }),
  }
}

/**
 * The id of the copy of a message for one target of one route: the same whenever the same message comes again, as its sender, or a
 * broker, had to repeat it.
 */
export function derivedId(id: string, route: string, target: string): string {
  return createHash('sha256')
    .update(JSON.stringify([id, route, target]))
    .digest('base64url')
    .slice(0, 24)
}

/** As a row of the store keeps them; null for none. */
export function storedProperties(properties: MessageProperties | null): string | null {
  if (properties === null) return null
  const { correlation } = properties
  return JSON.stringify({
    ...properties,
    correlation: correlation === null ? null : Buffer.from(correlation).toString('base64'),
  })
}

/** What {@link storedProperties} wrote; null also for what it did not write. */
export function restoredProperties(text: string | null): MessageProperties | null {
  if (text === null) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const read = new Map(Object.entries(value))
  const textOf = (name: string) => {
    const found: unknown = read.get(name)
    return typeof found === 'string' ? found : null
  }
  const numberOf = (name: string) => {
    const found: unknown = read.get(name)
    return typeof found === 'number' ? found : null
  }
  const correlation = textOf('correlation')
  return {
    contentType: textOf('contentType'),
    responseTopic: textOf('responseTopic'),
    correlation: correlation === null ? null : new Uint8Array(Buffer.from(correlation, 'base64')),
    isText: read.get('isText') === true,
    user: pairsIn(read.get('user')),
    id: textOf('id'),
    hops: numberOf('hops') ?? 0,
    isSpent: read.get('isSpent') === true,
    expiresAt: numberOf('expiresAt'),
  }
}

/** Whole seconds, never none: what is over is not sent. */
export function secondsLeft(expiresAt: number, now: number): number {
  return Math.min(0xffff_ffff, Math.max(1, Math.ceil((expiresAt - now) / 1_000)))
}

/**
 * Whether a text can be passed on. One that was no UTF-8 has grown as it was read, maybe beyond what a packet can say; and a broker that
 * sends a property twice, against the rules, brings a list.
 */
function isSaid(text: unknown): text is string {
  return typeof text === 'string' && isSayable(text)
}

function hopsIn(value: string): number {
  return /^\d{1,6}$/.test(value) ? Number(value) : 0
}

function pairsIn(value: unknown): readonly (readonly [string, string])[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((pair: unknown) => {
    if (!Array.isArray(pair)) return []
    const [name, text]: readonly unknown[] = pair
    return typeof name === 'string' && typeof text === 'string' ? [[name, text] as const] : []
  })
}
