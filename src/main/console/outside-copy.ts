import type { SiteDefinition } from '#core/config/index.ts'
import type { LeftOut } from '#shared/environment.ts'

/**
 * Databases on a server are not copied with the site. Those that the testing profile gives no other address are left out of a run that works on a
 * copy: what is written there would be real. `plain` is the definition without the profile.
 */
export function serversLeftOut(
  { services }: Pick<SiteDefinition, 'services'>,
  plain: Pick<SiteDefinition, 'services'>,
): readonly LeftOut[] {
  return Object.values(services).flatMap(({ id, database }) => {
    if (database?.target.engine !== 'postgres') return []
    const real = plain.services[id]?.database?.target
    if (real?.engine !== 'postgres' || real.url !== database.target.url) return []
    const why = `The database ${id} lies on a server and is not copied, so a test would write into the real one. Give it another address in the profile testing of site.yaml.`
    return [{ service: id, why }]
  })
}
