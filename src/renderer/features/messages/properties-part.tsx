import type { ReactNode } from 'react'
import type { Brought } from '#shared/brought.ts'
import { DrawerPart, Facts } from '../../components/drawer.tsx'
import { Time } from '../../components/time.tsx'

/** What a message of MQTT 5 brought besides its payload; nothing where it brought none. */
export function PropertiesPart({ properties }: { readonly properties: Brought | undefined }) {
  if (properties === undefined) return null
  const { contentType, responseTopic, correlation, isText, user, moreUser, id, hops, isSpent, expiresAt, isCut } =
    properties
  const facts: [string, ReactNode][] = []
  if (contentType !== null) facts.push(['content type', contentType])
  if (responseTopic !== null) facts.push(['answers to', <code key="reply">{responseTopic}</code>])
  if (correlation !== null) facts.push(['correlation', <code key="correlation">{bytesText(correlation)}</code>])
  if (isText) facts.push(['format', 'text'])
  if (expiresAt !== null) facts.push(['wanted until', <Time key="until" at={expiresAt} precise />])
  if (id !== null) facts.push(['id', <code key="id">{id}</code>])
  if (hops > 0)
    facts.push([
      'passed on',
      `${hops === 1 ? 'once' : `${hops} times`}${isSpent ? ', too often to be passed on again' : ''}`,
    ])
  const named = new Map<string, string[]>()
  for (const { name, value } of user) named.set(name, [...(named.get(name) ?? []), value])
  for (const [name, values] of named) facts.push([`user: ${name}`, values.join(', ')])
  return (
    <DrawerPart title="Properties">
      <Facts facts={facts} />
      {moreUser > 0 && <p className="dim">{moreUser} more user properties are not shown.</p>}
      {isCut && moreUser === 0 && <p className="dim">Long texts are cut here.</p>}
    </DrawerPart>
  )
}

/** Bytes in base64 as text when they are that, else as hex. */
function bytesText(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (!/\p{Cc}/u.test(text)) return text
  } catch {
    // No text.
  }
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
