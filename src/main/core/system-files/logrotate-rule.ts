import { join } from 'node:path'
import { assertPrintable, type SystemFacts } from './facts.ts'

/**
 * A rule of logrotate for the logs that a site's services write by themselves. Accepted by `logrotate -d`. What services write to their standard
 * output is in `logs/<service>.out.log` and `.err.log`, which the console puts aside without losing a line: those are left alone here, because
 * `copytruncate` would lose some, and would fill in the holes at their beginning.
 */
export function logrotateRule(facts: SystemFacts): string {
  assertPrintable(facts)
  const { site, user, group } = facts
  const files = [...facts.ownLogs, join(site.directory, 'logs', '*', '*.log')]
  return `# Wheelhouse: logs that services of the site ${site.name.replaceAll('\\', '/')} write by themselves.
# Install as /etc/logrotate.d/wheelhouse-${site.id}, owned by root, mode 0644. Try it with: logrotate -d FILE
# The output of services (logs/*.out.log, logs/*.err.log) is not among them: the console puts it aside itself.

${files.map(quoted).join('\n')}
{
    su ${user} ${group}
    daily
    maxsize 64M
    rotate 14
    missingok
    notifempty
    # Nobody can be told to open its log anew, so it is copied and emptied. A line that is written between the two may be lost.
    copytruncate
    compress
    delaycompress
    dateext
    dateformat -%Y%m%d-%s
}
`
}

/** A path as logrotate reads it, which may hold spaces. */
function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
