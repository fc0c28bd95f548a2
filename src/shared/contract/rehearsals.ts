import { z } from 'zod'
import { causeSchema, idSchema } from '../vocabulary.ts'
import { procedure } from './procedure.ts'
import { startedJobSchema } from './shared-schemas.ts'

/** `proven`: every service came up healthy. `partly`: those that could be tried did. */
export const rehearsalVerdictSchema = z.enum(['proven', 'partly', 'failed'])
export type RehearsalVerdict = z.infer<typeof rehearsalVerdictSchema>

/** What became of one service in a sandbox. */
export const rehearsedServiceSchema = z.object({
  id: idSchema,
  title: z.string(),
  /** `left-out`: it cannot be rehearsed, and the sentence says why. */
  result: z.enum(['healthy', 'unhealthy', 'failed', 'left-out']),
  sentence: z.string(),
  /** Of one that did not come up: its last lines. At most 20. */
  log: z.array(z.string()),
})
export type RehearsedService = z.infer<typeof rehearsedServiceSchema>

/** One rehearsal of a restore. Durations are on the monotonic clock, milliseconds; null for what was not reached. */
export const rehearsalRunSchema = z.object({
  /** Id of its job. */
  id: z.string(),
  at: z.number(),
  endedAt: z.number().nullable(),
  cause: causeSchema,
  snapshot: z.string(),
  /** When the snapshot was taken. */
  snapshotAt: z.number(),
  snapshotKind: z.enum(['full', 'data', 'restore-point']),
  /** Of a data snapshot: the full one that its code came from. */
  code: z.string().nullable(),
  /** `not made`: something that says nothing about the snapshot kept it from being tried. */
  state: z.enum(['running', 'completed', 'not made', 'cancelled', 'interrupted']),
  verdict: rehearsalVerdictSchema.nullable(),
  /** The result, one sentence. */
  sentence: z.string(),
  /** Why it is not proven, one sentence each. */
  reasons: z.array(z.string()),
  /** What is otherwise in the sandbox than in the site. */
  notes: z.array(z.string()),
  /** What kept the sandbox from reaching outside: a network of its own, or other ports and addresses alone. */
  apart: z.enum(['network', 'ports']).nullable(),
  files: z.number().int().nullable(),
  bytes: z.number().nullable(),
  restoreMs: z.number().nullable(),
  startMs: z.number().nullable(),
  healthyMs: z.number().nullable(),
  /** From the first file written until the site was healthy. */
  totalMs: z.number().nullable(),
  services: z.array(rehearsedServiceSchema),
  checks: z.object({ sentence: z.string(), faults: z.array(z.string()) }).nullable(),
  /** Folder of the sandbox, where it was kept. */
  kept: z.string().nullable(),
})
export type RehearsalRun = z.infer<typeof rehearsalRunSchema>

/** How far the backups are proven. Slice `rehearsals`, the one id `rehearsals`. */
export const rehearsalsViewSchema = z.object({
  /** `proven`: green. `verified`: amber, read back and not (wholly, or not lately) rehearsed. `failed`: red. `none`: nothing to prove. */
  light: z.enum(['proven', 'verified', 'failed', 'none']),
  /** What the light says, without its age, one sentence. */
  sentence: z.string(),
  /** The newest rehearsal that proved a snapshot which is still there. */
  proven: z
    .object({ snapshot: z.string(), snapshotAt: z.number(), at: z.number(), totalMs: z.number().nullable() })
    .nullable(),
  /** Ended ones, newest first, at most 20. */
  runs: z.array(rehearsalRunSchema),
  /** The one that runs. */
  job: z.string().nullable(),
  /** Cron expression; null: only on request. */
  schedule: z.string().nullable(),
  nextAt: z.number().nullable(),
  /** Why the one that is due has not begun, one sentence; null when none has to wait. */
  waiting: z.string().nullable(),
  commandLine: z.string(),
})
export type RehearsalsView = z.infer<typeof rehearsalsViewSchema>

export const rehearsalsContract = {
  /**
   * Restores a snapshot into a sandbox and starts it there; null is the newest good one. `keep` leaves the restored files there until the
   * next rehearsal. Refused while a backup, a restore, a deploy or a drill runs.
   */
  run: procedure.input(z.object({ snapshot: z.string().nullable(), keep: z.boolean() })).output(startedJobSchema),
  /** The last 200, newest first. */
  history: procedure.output(z.object({ runs: z.array(rehearsalRunSchema) })),
}
