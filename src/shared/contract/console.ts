import { z } from 'zod'
import { procedure } from './procedure.ts'

/** The console and which site it has open. */
export const consoleContract = {
  info: procedure.output(
    z.object({
      version: z.string(),
      contract: z.number().int(),
      host: z.enum(['electron', 'headless', 'command line']),
      pid: z.number(),
    }),
  ),
  /** Opens the site in a folder, closing the one that is open (its services are stopped). */
  openSite: procedure.input(z.object({ directory: z.string().min(1) })).output(z.object({ site: z.string() })),
  /** Opens the sample site, made anew where it does not exist. */
  openSample: procedure.output(z.object({ site: z.string() })),
  /** Puts the sample site back to how it came: stops it, replaces its folder, starts it. Its snapshots stay. */
  resetSample: procedure.output(z.object({ site: z.string() })),
  closeSite: procedure.output(z.object({})),
  /** The desktop's folder chooser; `null` when the operator cancelled. Refused where the host has none. */
  chooseFolder: procedure.output(z.object({ directory: z.string().nullable() })),
  /** Opens a folder of the site in the desktop's file manager. Refused where the host has none. */
  openFolder: procedure
    .input(z.object({ what: z.enum(['site', 'data', 'logs', 'release', 'backups']), service: z.string().optional() }))
    .output(z.object({ path: z.string() })),
  /** Opens a service's page in the desktop's browser; only addresses that the site declares. */
  openPage: procedure.input(z.object({ url: z.string() })).output(z.object({})),
}

/** The open site as a whole. */
export const siteContract = {
  /** Reads site.yaml again. An invalid file changes nothing and is told in the site's state. */
  reload: procedure.output(z.object({ valid: z.boolean() })),
  /** The operator has seen what a foreign site would run and trusts it; `fingerprint` names exactly what was shown. */
  trust: procedure.input(z.object({ fingerprint: z.string() })).output(z.object({})),
}
