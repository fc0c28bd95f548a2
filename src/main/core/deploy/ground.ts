import type { SiteDefinition } from '#core/config/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { DeployJournal } from './journal.ts'
import type { DeployRecord, DeployRecords } from './record.ts'
import type { DeployParts } from './types.ts'

/** What all that has to do with deploys works on. */
export interface DeployGround {
  readonly parts: DeployParts
  readonly records: DeployRecords
  /** Aborted when the site closes. */
  readonly closing: AbortSignal
}

/** The journal of a deploy, from where its record is. */
export function journalOf(record: DeployRecord, { parts, records }: DeployGround): DeployJournal {
  const { state, logger, clock } = parts
  return new DeployJournal(record, {
    records,
    slice: state.slice('deploys'),
    logger,
    now: () => clock.wall(),
  })
}

/** The one that is on probation. */
export function onProbation(records: DeployRecords): DeployRecord | undefined {
  return records.all().find(({ standing }) => standing.phase === 'probation')
}

/** The definition in use; throws `site-not-loaded`. */
export function definitionOf({ definition }: DeployParts): SiteDefinition {
  const inUse = definition()
  if (inUse) return inUse
  throw new ConsoleError('site-not-loaded', 'site.yaml is not in use.', 'Put right what is shown about it.')
}
