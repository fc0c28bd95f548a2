import { z } from 'zod'
import { idSchema } from '../vocabulary.ts'

/** A service that systemd runs, as systemctl tells it, and what it takes to let the console run it instead. */
export const unitViewSchema = z.object({
  service: idSchema,
  unit: z.string(),
  /** "active (running) since …", or why nothing is known of it. */
  sentence: z.string(),
  /** Null when systemd does not know it or cannot be asked. */
  state: z
    .object({
      active: z.string(),
      sub: z.string(),
      /** Whether it is started with the machine, in the word of systemd: enabled, disabled, static. */
      startedAtBoot: z.string(),
      pid: z.number().int().nullable(),
      /** Bytes of all its processes; null where systemd does not count them. */
      memory: z.number().nullable(),
      user: z.string().nullable(),
      file: z.string().nullable(),
    })
    .nullable(),
  /** Nothing of it is done by the console. Null where there is nothing to take over. */
  plan: z
    .object({
      /** In this order. */
      steps: z.array(z.object({ command: z.string(), why: z.string() })),
      /** What changes in site.yaml: lines that begin with `-`, `+` or a space. */
      change: z.array(z.string()),
      /** What a person must look at before. */
      notes: z.array(z.string()),
      back: z.array(z.object({ command: z.string(), why: z.string() })),
    })
    .nullable(),
})
export type UnitView = z.infer<typeof unitViewSchema>
