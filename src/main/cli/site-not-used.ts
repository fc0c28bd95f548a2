import type { SiteView } from '#shared/contract/state.ts'

/** Why nothing of a site is known, said where a list is empty because of it; null when its site.yaml is in use. */
export function siteNotUsed(site: SiteView | null | undefined): string | null {
  if (!site) return 'No site is open.'
  if (site.trust !== null) {
    return 'The site is not trusted yet, so nothing of it is used: "wheelhouse trust --plan" shows what it would run.'
  }
  return site.config.valid ? null : 'site.yaml has mistakes, so it is not used: "wheelhouse config check" names them.'
}
