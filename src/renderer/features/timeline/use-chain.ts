import { useQuery } from '@tanstack/react-query'
import type { EventRecord } from '#shared/vocabulary.ts'
import type { ConsoleLink } from '../../state/console-link.ts'
import { usePage } from '../../state/page-context.ts'
import { useLinkStatus } from '../../state/use-link.ts'

/** The question for the chain of an event. */
export function chainQuery(link: ConsoleLink, id: string) {
  return {
    queryKey: ['events', 'chain', id],
    queryFn: () => link.calls.events.chain({ id }),
    staleTime: 1_000,
  }
}

/** The chain of an event, its effects kept current. */
export function useChain(id: string | undefined) {
  const { link } = usePage()
  const connected = useLinkStatus().phase === 'connected'
  return useQuery({
    ...chainQuery(link, id ?? ''),
    enabled: connected && id !== undefined,
    // Causes are settled; effects may still come.
    refetchInterval: 5_000,
  })
}

/** How an event hangs together with the selected one. */
export type Kinship = 'selected' | 'cause' | 'effect'

/** The kinship of every event of a chain, by its id. */
export function kinships(chain: {
  readonly causes: readonly EventRecord[]
  readonly effects: readonly EventRecord[]
}): ReadonlyMap<string, Kinship> {
  const [own, ...causes] = chain.causes
  return new Map<string, Kinship>([
    ...chain.effects.map(({ id }) => [id, 'effect'] as const),
    ...causes.map(({ id }) => [id, 'cause'] as const),
    ...(own ? [[own.id, 'selected'] as const] : []),
  ])
}
