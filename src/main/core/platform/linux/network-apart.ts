import { execFile } from 'node:child_process'
import { userInfo } from 'node:os'

/** How a program is begun: what stands before its own words. */
export type Prefix = readonly string[]

const probeWithinMs = 5_000

/**
 * What begins a program in a network of its own in which there is nothing but loopback, so that nothing it does reaches another machine or
 * a port of this one; null where this user may not do that. util-linux `unshare` and iproute2 `ip` do it, without special rights where
 * the system lets users make namespaces.
 */
export async function networkApart(platform: NodeJS.Platform = process.platform): Promise<Prefix | null> {
  if (platform !== 'linux') return null
  const users = userInfo().uid === 0 ? [] : ['--map-current-user', '--keep-caps']
  const prefix = ['unshare', ...users, '--net', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
  const [program = '', ...rest] = prefix
  return await new Promise((resolve) => {
    execFile(program, [...rest, 'true'], { timeout: probeWithinMs }, (error) => resolve(error ? null : prefix))
  })
}
