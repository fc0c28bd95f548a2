import type { ReactNode } from 'react'
import type { ShownMessage } from '#shared/contract/index.ts'
import { DrawerPart, Facts } from '../../components/drawer.tsx'
import { Time } from '../../components/time.tsx'

/** What a message of MQTT 5 brought besides its payload; nothing where it brought none. */
export function PropertiesPart({ properties }: { readonly properties: ShownMessage['properties'] }) {
  if (properties === undefined) return null
  const { contentType, responseTopic, correlation, isText, user, moreUser, id, hops, expiresAt } = properties
  const facts: [string, ReactNode][] = []
  if (contentType !== null) facts.push(['content type', contentType])
  if (responseTopic !== null) facts.push(['answers to', <code key="reply">{responseTopic}</code>])
  if (correlation !== null) facts.push(['correlation', <code key="correlation">{correlation}</code>])
  if (isText) facts.push(['format', 'text'])
  if (expiresAt !== null) facts.push(['wanted until', <Time key="until" at={expiresAt} precise />])
  if (id !== null) facts.push(['id', <code key="id">{id}</code>])
  if (hops > 0) facts.push(['passed on', hops === 1 ? 'once' : `${hops} times`])
  const named = new Map<string, string[]>()
  for (const { name, value } of user) named.set(name, [...(named.get(name) ?? []), value])
  for (const [name, values] of named) facts.push([`user: ${name}`, values.join(', ')])
  return (
    <DrawerPart title="Properties">
      <Facts facts={facts} />
      {moreUser > 0 && <p className="dim">{moreUser} more user properties are not shown.</p>}
    </DrawerPart>
  )
}
