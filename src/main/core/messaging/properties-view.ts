import { isUtf8 } from 'node:buffer'
import type { PropertiesView } from '#shared/contract/messages.ts'
import type { MessageProperties } from './message-properties.ts'

/** Most user properties that are shown, and most characters of each text. */
const mostUser = 50
const mostText = 500

/** What a message brought, as it is shown; undefined when it brought nothing. */
export function propertiesView(properties: MessageProperties | null): PropertiesView | undefined {
  if (properties === null) return undefined
  const { contentType, responseTopic, correlation, isText, user, id, hops, expiresAt } = properties
  return {
    contentType: contentType === null ? null : cut(contentType),
    responseTopic: responseTopic === null ? null : cut(responseTopic),
    correlation: correlation === null ? null : cut(correlationText(correlation)),
    isText,
    user: user.slice(0, mostUser).map(([name, value]) => ({ name: cut(name), value: cut(value) })),
    moreUser: Math.max(0, user.length - mostUser),
    id: id === null ? null : cut(id),
    hops,
    expiresAt,
  }
}

function cut(text: string): string {
  return text.length > mostText ? `${text.slice(0, mostText)}…` : text
}

/** As text when it is that, else as hex. */
function correlationText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, mostText + 1))
  return isUtf8(buffer) && !/\p{Cc}/u.test(buffer.toString()) ? buffer.toString() : buffer.toString('hex')
}
