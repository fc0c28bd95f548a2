import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'

/**
 * The processes of a site, found without asking the console: by the environment that it gave them. One row per process that
 * is a service itself; sorted by service.
 */
export function processesOf(site: string): readonly { readonly service: string; readonly pid: number }[] {
  const found: { service: string; pid: number }[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const env = new Map(
        readFileSync(`/proc/${name}/environ`, 'utf8')
          .split('\0')
          .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const),
      )
      const service = env.get('WHEELHOUSE_SERVICE')
      const folder = env.get('WHEELHOUSE_SITE')
      if (service && folder && (folder === site || folder === basename(site)) && isOf(name, site))
        found.push({ service, pid: Number(name) })
    } catch {
      // gone meanwhile, or not ours to read
    }
  }
  return found.sort((a, b) => a.service.localeCompare(b.service) || a.pid - b.pid)
}

/** Two sites may have the same id; the working directory tells them apart. */
function isOf(pid: string, site: string): boolean {
  const cmdline = readFileSync(`/proc/${pid}/environ`, 'utf8')
  return cmdline.includes(site)
}
