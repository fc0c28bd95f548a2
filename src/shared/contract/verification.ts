import { z } from 'zod'
import { procedure } from './procedure.ts'

/** One line of the list of checks. */
export const verifiedCheckSchema = z.object({
  id: z.string(),
  title: z.string(),
  /** `skipped`: there is nothing of this kind in the site, or what it looks at is not wanted running now. */
  state: z.enum(['passed', 'failed', 'skipped', 'pending']),
  /** What was found, one sentence. */
  sentence: z.string(),
  /** Each thing that is not as it should be, in a sentence; at most 20. */
  faults: z.array(z.string()),
  /** What the faults are about, as `why` knows it: `service:api`, `dependency:model`. Empty where it is site.yaml or files. At most 20. */
  about: z.array(z.string()),
  at: z.number().nullable(),
  ms: z.number().nullable(),
  /** Whether site.yaml adds it. */
  own: z.boolean(),
})
export type VerifiedCheck = z.infer<typeof verifiedCheckSchema>

/** The list of checks of the open site. Slice `verification`, the one id `verification`. */
export const verificationViewSchema = z.object({
  /** When the last round ended; null before the first. */
  at: z.number().nullable(),
  running: z.boolean(),
  passed: z.number().int(),
  /** Checks that count: those that were not skipped. */
  total: z.number().int(),
  /** `7 of 7 checks passed.` */
  sentence: z.string(),
  checks: z.array(verifiedCheckSchema),
})
export type VerificationView = z.infer<typeof verificationViewSchema>

export const verificationContract = {
  /** Makes a round of all checks now, or joins the one that is under way; answers with what it found. */
  run: procedure.output(verificationViewSchema),
}
