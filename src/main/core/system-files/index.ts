export type { SystemFacts } from './facts.ts'
export { logrotateRule } from './logrotate-rule.ts'
export { nginxSite } from './nginx-site.ts'
export { systemdUnit, unitName } from './systemd-unit.ts'
