import type { ReactNode } from 'react'
import { useSlice } from '../../state/use-shown.ts'

/** Where a message goes, of a target as the outbox names it (`mqtt:board/presence`, `mqtt@office:board/presence`, `webhook:http://…`); with the broker where the site has several. */
export function useTargetFacts(target: string | null): readonly (readonly [string, ReactNode])[] {
  const { traffic } = useSlice('traffic')
  if (target === null) return []
  const colon = target.indexOf(':')
  const [kind = '', named] = target.slice(0, colon).split('@')
  const links = traffic?.links ?? []
  const broker = named ?? (kind === 'mqtt' && links.length > 1 ? links[0]?.broker : undefined)
  return [
    ['target', <code key="target">{`${kind} ${target.slice(colon + 1)}`}</code>],
    ...(broker === undefined ? [] : [['at broker', broker] as const]),
  ]
}
