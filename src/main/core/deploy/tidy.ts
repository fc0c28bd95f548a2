import type { Cause } from '#shared/vocabulary.ts'
import { isOver } from './deploy-machine.ts'
import { type DeployGround, definitionOf } from './ground.ts'
import { neededReleases } from './needed-releases.ts'

/**
 * Removes releases that are over `keep`, and lets restore points go that no release is bound to any more. Never rejects: what could not be
 * done the next deploy does.
 */
export async function tidyAfterDeploy(ground: DeployGround, cause: Cause): Promise<void> {
  const { parts, records } = ground
  const { releases, backups, logger } = parts
  const { keep } = definitionOf(parts).deploy
  try {
    await releases.cleanUp({ keep, protect: neededReleases(ground), cause })
    const there = new Set(releases.list().flatMap(({ id, state }) => (state === 'gone' ? [] : [id])))
    for (const { restorePoint, from, standing } of records.all().slice(keep + 1)) {
      if (restorePoint === null || !isOver(standing.phase) || there.has(from)) continue
      await backups.pin(restorePoint, false).catch(() => {}) // it may be gone already
    }
    await records.prune()
  } catch (error) {
    logger.warn('What deploys leave could not be tidied up; the next one does it.', { error: String(error) })
  }
}
