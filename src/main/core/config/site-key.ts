import { createHash, createHmac, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { type Logger, writeDurably } from '#core/platform/index.ts'

/** Gives a secret of the site for one purpose: the same each time that this user opens the site in this folder. */
export type SiteKey = (purpose: 'push' | 'proxy') => string

/**
 * The key that a site's services are known by. It lies in the user's data folder, `keys/<first 16 hex of sha256 of the site's
 * real path>`, never in the site: whoever made or copied a site's folder would know it. One that others may read, or that
 * belongs to another user, is replaced; services that run must then be restarted.
 */
export async function openSiteKey(userData: string, site: string, logger: Logger): Promise<SiteKey> {
  const folder = join(userData, 'keys')
  const file = join(folder, createHash('sha256').update(site).digest('hex').slice(0, 16))
  let key = await readKey(file)
  if (key === null) {
    key = randomBytes(32).toString('hex')
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await writeDurably(file, `${key}\n`)
    } catch (error) {
      // It serves this run; what runs on after it must be restarted to be known again.
      logger.warn('The key that services are known by could not be kept for the next start.', { error: String(error) })
    }
  }
  const root = key
  return (purpose) => createHmac('sha256', root).update(purpose).digest('hex')
}

/** Null when there is none that may be used. */
async function readKey(file: string): Promise<string | null> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const { mode, uid, size } = await handle.stat()
    const own = process.platform === 'win32' || (uid === userInfo().uid && (mode & 0o077) === 0)
    if (!own || size > 200) return null
    return /^([0-9a-f]{64})\n$/.exec(await handle.readFile('utf8'))?.[1] ?? null
  } catch {
    return null
  }
}
