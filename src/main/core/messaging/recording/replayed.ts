import type { RecordedRow, Replay } from '#shared/contract/recordings.ts'
import { propertiesIn } from '../brought.ts'
import { derivedId, type MessageProperties } from '../message-properties.ts'
import type { ReplayedMessage } from '../protocol.ts'

/** What a replay goes by. */
export interface ReplayGround {
  readonly request: Replay
  /** The site's brokers, the first one meant where none is named. */
  readonly brokers: readonly string[]
  /** Names this replay: ids are made of theirs and of it. */
  readonly name: string
  /** Wall-clock milliseconds at which the message goes. */
  readonly now: number
}

/**
 * A recorded message as it is published again. It has what it brought; its id is another, the same for each copy of it in one replay, so
 * that receivers which drop what they have seen take it, and drop what was a repetition when it was recorded. It is wanted for as long as it
 * was when it came, from now on.
 */
export function replayedMessage(row: RecordedRow, { request, brokers, name, now }: ReplayGround): ReplayedMessage {
  const { topic, qos, retain, payload, encoding } = row
  const properties = propertiesIn(row.properties)
  return {
    broker: brokerFor(row.broker, request.broker, brokers),
    topic: prefixedTopic(request.prefix, topic),
    qos,
    retain,
    payload: encoding === 'hex' ? new Uint8Array(Buffer.from(payload, 'hex')) : payload,
    properties: properties && again(properties, row, name, now),
  }
}

/** Where a message goes: to the broker that was asked for, else to the one it came from, and where the site has none of that name to the first. */
export function brokerFor(
  from: string | undefined,
  asked: string | undefined,
  brokers: readonly string[],
): string | null {
  const wanted = asked ?? from
  return wanted === undefined || !brokers.includes(wanted) || wanted === brokers[0] ? null : wanted
}

export function prefixedTopic(prefix: string, topic: string): string {
  if (prefix === '') return topic
  return prefix.endsWith('/') ? `${prefix}${topic}` : `${prefix}/${topic}`
}

function again(properties: MessageProperties, row: RecordedRow, name: string, now: number): MessageProperties {
  const { id, expiresAt, isText } = properties
  return {
    ...properties,
    // A broker may hang up on what is said to be text and is not.
    isText: isText && row.encoding === 'utf8',
    id: id === null ? null : derivedId(id, 'replay', name),
    expiresAt: expiresAt === null ? null : now + Math.max(0, expiresAt - row.at),
  }
}
