import { z } from 'zod'
import { procedure } from './procedure.ts'
import { startedJobSchema } from './shared-schemas.ts'

/** A place where snapshots are kept. Slice `targets`; the id `main` is where backups go, every other the id of a copy. */
export const targetViewSchema = z.object({
  id: z.string(),
  kind: z.enum(['folder', 'usb', 's3']),
  /** What people call it: a path, a drive, a bucket. */
  place: z.string(),
  /** `absent`: a drive that is not plugged in, which is no fault. `empty`: nothing was stored there yet. */
  state: z.enum(['ready', 'empty', 'absent', 'problem']),
  /** What is to be said of the state, and what to do about it; null while all is well. */
  sentence: z.string().nullable(),
  remedy: z.string().nullable(),
  snapshots: z.number().int().nullable(),
  /** Snapshots of the main target that this copy lacks; null where nobody knows. */
  behind: z.number().int().nullable(),
  /** When a copy was last brought up to date; of the main target when its newest snapshot was taken. */
  lastAt: z.number().nullable(),
  freeBytes: z.number().nullable(),
  /** Writes there do not surely survive a power cut, because its file system has no fsync; they were read back. */
  weak: z.boolean(),
  /** Whether the snapshots that are shown and restored come from here. */
  inUse: z.boolean(),
})
export type TargetView = z.infer<typeof targetViewSchema>

export const targetsContract = {
  list: procedure.output(z.object({ targets: z.array(targetViewSchema) })),
  /** Brings one copy up to date. */
  copy: procedure.input(z.object({ copy: z.string() })).output(startedJobSchema),
  /** Shows and restores the snapshots of a copy instead of those of the main target; `null` goes back. No backups meanwhile. */
  use: procedure.input(z.object({ copy: z.string().nullable() })).output(z.object({})),
}
