import type { ShownMessage, StoredMessage } from '#shared/contract/index.ts'

/** Whether a message is shown with all that it had: only then can it be told what a route makes of it. */
export function isWhole({ cut, properties }: ShownMessage): boolean {
  return !cut && properties?.isCut !== true
}

/** A message that passed, apart from the moment. */
export function storedOf(message: ShownMessage): StoredMessage {
  const { at, topic, payload, encoding, qos, retain, broker, client, properties } = message
  return {
    at,
    topic,
    payload,
    encoding,
    qos,
    retain,
    ...(broker !== undefined && { broker }),
    ...(client !== undefined && { client }),
    ...(properties && { properties }),
  }
}
