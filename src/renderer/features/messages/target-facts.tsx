import type { ReactNode } from 'react'
import { partsOfTarget } from '#shared/outbox-words.ts'
import { useSlice } from '../../state/use-shown.ts'

/** Where a message goes, of a target as the outbox names it; with the broker where the site has several. */
export function useTargetFacts(target: string | null): readonly (readonly [string, ReactNode])[] {
  const { traffic } = useSlice('traffic')
  if (target === null) return []
  const { kind, address, broker: named } = partsOfTarget(target)
  const links = traffic?.links ?? []
  const broker = named ?? (kind === 'mqtt' && links.length > 1 ? links[0]?.broker : undefined)
  return [
    ['target', <code key="target">{`${kind} ${address}`}</code>],
    ...(broker === undefined ? [] : [['on broker', broker] as const]),
  ]
}
