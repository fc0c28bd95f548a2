import { loadSite } from '#core/config/index.ts'
import { assertChoice } from '#core/coordinator/index.ts'
import type { EnvironmentName } from '#shared/environment.ts'
import type { Launch } from './launch.ts'

/**
 * Throws `service-unknown` or `choice-contradicts` when the services that a start names are not those of its site, before anything is opened. A
 * site that cannot be read is no matter of this: opening it says so, with all mistakes.
 */
export async function assertChosen(
  { site, only, without }: Pick<Launch, 'site' | 'only' | 'without'>,
  environment: EnvironmentName,
  otherwise: string,
): Promise<void> {
  if (only.length + without.length === 0) return
  const { definition } = await loadSite(site ?? otherwise, { profile: environment })
  if (definition) assertChoice(definition, { only, without })
}
