export { describeSiteYaml } from './describe-site-yaml.ts'
export { parseDuration } from './duration.ts'
export { type LoadOptions, loadSite, type RouteMistake } from './load-site.ts'
export { nearest } from './nearest.ts'
