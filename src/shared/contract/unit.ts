import { z } from 'zod'
import { idSchema } from '../vocabulary.ts'

export const unitOwnerSchema = z.enum(['system', 'user'])
/** Who runs a service that a unit is named for. */
export const holderSchema = z.enum(['systemd', 'console'])

const stepSchema = z.object({ command: z.string(), why: z.string() })

/** What handing a service over to the console, or giving it back, does: shown before it is done. */
export const handOverPlanSchema = z.object({
  sentence: z.string(),
  /** In this order. */
  steps: z.array(z.string()),
  /** Files, folders and ports that the unit or the service of the console holds. */
  touches: z.array(z.string()),
  /** What a person must look at before. */
  notes: z.array(z.string()),
  /** The way back. */
  undo: z.string(),
  commandLine: z.string(),
  /** Why it cannot be done now, and what to do about that; null when it can. */
  refusal: z.object({ message: z.string(), remedy: z.string() }).nullable(),
})
export type HandOverPlan = z.infer<typeof handOverPlanSchema>

/** A service for which a unit of systemd is named, as systemctl tells it now, and what may be done. */
export const unitViewSchema = z.object({
  service: idSchema,
  unit: z.string(),
  of: unitOwnerSchema,
  holder: holderSchema,
  /** "active (running), pid …", or why nothing is known of it. */
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
  adopt: handOverPlanSchema.nullable(),
  release: handOverPlanSchema.nullable(),
  /** `kind: external`: what a person writes so that the console could run it. Null for every other. */
  write: z
    .object({
      /** What changes in site.yaml: lines that begin with `-`, `+` or a space. */
      change: z.array(z.string()),
      steps: z.array(stepSchema),
      notes: z.array(z.string()),
    })
    .nullable(),
})
export type UnitView = z.infer<typeof unitViewSchema>

/** What the shown state of a service has of its unit, asked every few seconds. */
export const serviceUnitSchema = z.object({
  name: z.string(),
  of: unitOwnerSchema,
  holder: holderSchema,
  sentence: z.string(),
  active: z.string().nullable(),
  sub: z.string().nullable(),
  startedAtBoot: z.string().nullable(),
  pid: z.number().int().nullable(),
  memory: z.number().nullable(),
  /** When systemd was asked; null before the first time. */
  at: z.number().nullable(),
  /** What an operator may order now. */
  can: z.enum(['adopt', 'release']).nullable(),
})
export type ServiceUnit = z.infer<typeof serviceUnitSchema>
