import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '#core/platform/index.ts'
import { commandsOf } from './site-commands.ts'
import type { SiteDefinition } from './types.ts'

/**
 * Names exactly what {@link commandsOf} shows, environment included: `NODE_OPTIONS` or `LD_PRELOAD` make any program run
 * something else. The order of services and of variables does not count.
 */
export function trustFingerprint(definition: SiteDefinition): string {
  const commands = commandsOf(definition)
    .map(({ of, command, cwd }) => JSON.stringify([of, cwd, command]))
    .sort()
  return createHash('sha256').update(commands.join('\n')).digest('hex')
}

/** What the operator has trusted, in `<user data>/trust.json`: sites by real path, each with its fingerprints. */
export class TrustStore {
  readonly #file: string
  #sites: TrustFile['sites']

  private constructor(file: string, sites: TrustFile['sites']) {
    this.#file = file
    this.#sites = sites
  }

  /** An absent file trusts nothing; so does one that cannot be read. */
  static async open(userData: string): Promise<TrustStore> {
    const file = join(userData, 'trust.json')
    return new TrustStore(file, await readTrust(file))
  }

  /** Whether exactly this was trusted for the site in this folder (its real path). */
  isTrusted(directory: string, fingerprint: string): boolean {
    return this.#sites[directory]?.includes(fingerprint) ?? false
  }

  /** Remembers it, also for later starts of the console. The newest twenty of a site are kept. */
  async trust(directory: string, fingerprint: string): Promise<void> {
    const sites = await readTrust(this.#file) // another console may have written since
    const others = (sites[directory] ?? []).filter((trusted) => trusted !== fingerprint)
    this.#sites = { ...sites, [directory]: [...others, fingerprint].slice(-20) }
    await mkdir(join(this.#file, '..'), { recursive: true, mode: 0o700 })
    await writeDurably(this.#file, `${JSON.stringify({ version: 1, sites: this.#sites }, null, 2)}\n`)
  }
}

/** Opens what was trusted before. */
export function openTrust(userData: string): Promise<TrustStore> {
  return TrustStore.open(userData)
}

const fileSchema = z.object({
  version: z.literal(1),
  sites: z.record(z.string(), z.array(z.string())),
})
type TrustFile = z.infer<typeof fileSchema>

async function readTrust(file: string): Promise<TrustFile['sites']> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).sites
  } catch {
    return {}
  }
}
