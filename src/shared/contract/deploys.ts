import { z } from 'zod'
import { causeSchema, idSchema } from '../vocabulary.ts'
import { procedure } from './procedure.ts'
import { startedJobSchema } from './shared-schemas.ts'

/** The eight steps of a deploy, in order. */
export const deployStepSchema = z.enum([
  'validate',
  'prepare',
  'back-up',
  'stop',
  'switch',
  'configure',
  'start',
  'verify',
])
export type DeployStep = z.infer<typeof deployStepSchema>

/**
 * Where a deploy is: at a step; on `probation`; or ended. `refused`: it ended before anything was touched. `stuck`: neither the
 * new release nor the way back could be finished; a card says what to do.
 */
export const deployPhaseSchema = z.enum([
  ...deployStepSchema.options,
  'probation',
  'rolling-back',
  'committed',
  'rolled-back',
  'refused',
  'stuck',
])
export type DeployPhase = z.infer<typeof deployPhaseSchema>

/** What a roll-back takes back: the code alone, or the data as they were before the deploy as well. */
export const takeBackSchema = z.enum(['code', 'code-and-data'])
export type TakeBack = z.infer<typeof takeBackSchema>

/** Where a release comes from. `unproven`: taken although it carries no manifest of hashes. */
export const deploySourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('folder'), folder: z.string().min(1).max(4096) }),
  z.object({ kind: z.literal('archive'), file: z.string().min(1).max(4096) }),
  z.object({ kind: z.literal('git'), repository: z.string().min(1).max(4096), ref: z.string().min(1).max(256) }),
])
export type DeploySource = z.infer<typeof deploySourceSchema>

/** One finding of the first step: what was looked at, and what came of it. `warning` does not hold a deploy back. */
export const deployFindingSchema = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(['passed', 'warning', 'failed']),
  sentence: z.string(),
})
export type DeployFinding = z.infer<typeof deployFindingSchema>

/** A service that a deploy stops and starts again. */
export const deployedServiceSchema = z.object({ id: idSchema, title: z.string(), why: z.string() })

/** One deploy or roll-back. Slice `deploys`, by its id: the newest 30. Times are wall-clock milliseconds. */
export const deployViewSchema = z.object({
  id: z.string(),
  kind: z.enum(['deploy', 'roll-back']),
  /** `Deploy 1.4.2`. */
  title: z.string(),
  /** Id of the release that it leads to; `site-folder`: the site folder itself, as before the first deploy. */
  release: z.string(),
  /** Id of the release from before. */
  from: z.string(),
  phase: deployPhaseSchema,
  /** Where it failed; null when it did not. */
  failedAt: z.union([deployStepSchema, z.literal('probation')]).nullable(),
  /** Why, one sentence. */
  failure: z.string().nullable(),
  /** Where it stands or how it ended, one sentence. */
  sentence: z.string(),
  at: z.number(),
  endedAt: z.number().nullable(),
  cause: causeSchema,
  /** Its job while one runs, else the last one: for steps, progress and log. */
  job: z.string().nullable(),
  steps: z.array(
    z.object({
      id: deployStepSchema,
      title: z.string(),
      state: z.enum(['pending', 'running', 'done', 'failed', 'skipped']),
      startedAt: z.number().nullable(),
      endedAt: z.number().nullable(),
    }),
  ),
  findings: z.array(deployFindingSchema),
  /** Services that it stopped and started. */
  services: z.array(deployedServiceSchema),
  /** From the first order to stop until all of them were healthy again, milliseconds; null before. */
  downMs: z.number().nullable(),
  /** Id of the snapshot of the data that was taken before; null: none, and data cannot be taken back with it. */
  restorePoint: z.string().nullable(),
  /** Whether site.yaml changes with it. */
  configures: z.boolean(),
  /** While on probation. */
  probation: z
    .object({
      /** When it is final if all stays well. */
      until: z.number(),
      lengthMs: z.number(),
      /** Crashes of services, console or PC so far, and how many are allowed. */
      crashes: z.number().int(),
      allowed: z.number().int(),
    })
    .nullable(),
  /** What was taken back; null: nothing. */
  tookBack: takeBackSchema.nullable(),
  commandLine: z.string(),
})
export type DeployView = z.infer<typeof deployViewSchema>

/** What a deploy or a roll-back would do. Worked out without touching anything. */
export const deployPlanSchema = z.object({
  kind: z.enum(['deploy', 'roll-back']),
  release: z.string(),
  from: z.string(),
  /** "Deploy 1.4.2: api and kiosk are stopped for about 2 s." */
  sentence: z.string(),
  /** Binds `begin` to what was shown. */
  fingerprint: z.string(),
  /** Stopped and started again, with the reason for each. */
  services: z.array(deployedServiceSchema),
  /** Services that go on running. */
  untouched: z.array(idSchema),
  /** Routes that carry nothing meanwhile. */
  routes: z.array(z.object({ id: idSchema, why: z.string() })),
  /** How long the services are away, from earlier deploys and starts; null: nothing to go by. */
  downMs: z.number().nullable(),
  files: z.object({
    added: z.number().int(),
    changed: z.number().int(),
    removed: z.number().int(),
    /** Bytes that are written. */
    bytes: z.number(),
  }),
  /** Bytes that it needs, and that are free. */
  space: z.object({ needed: z.number(), free: z.number() }),
  /** site.yaml that the release brings; null: it stays as it is. */
  config: z.object({ lines: z.array(z.object({ sign: z.enum(['+', '-']), text: z.string() })) }).nullable(),
  /** What would be run that nobody has trusted yet: `begin` must name exactly this fingerprint. */
  trust: z
    .object({ fingerprint: z.string(), commands: z.array(z.object({ of: z.string(), command: z.string() })) })
    .nullable(),
  findings: z.array(deployFindingSchema),
  /** Why it cannot be begun, one sentence; null when it can. */
  refusal: z.string().nullable(),
  /** Names of the site's own tests that are run at the end. */
  tests: z.array(z.string()),
  /** The command that is run in the release before anything stops; null: none. */
  install: z.string().nullable(),
  probationMs: z.number(),
  /** Of a roll-back: what would be lost, each in a sentence. */
  losses: z.array(z.string()),
  /** Of a roll-back: whether there is a restore point for the data. */
  dataPossible: z.boolean(),
  takeBack: takeBackSchema,
  commandLine: z.string(),
})
export type DeployPlan = z.infer<typeof deployPlanSchema>

const begin = z.object({
  /** Of the plan that was shown; null: nobody looked. */
  fingerprint: z.string().nullable(),
  /** Of what the operator has looked through and trusts: `plan.trust.fingerprint`. */
  trust: z.string().nullable(),
})

/** What a roll-back leads to: the id of a release that is not bad, or `previous`. */
const backTo = z.object({ release: z.string().default('previous'), takeBack: takeBackSchema.default('code') })

export const deploysContract = {
  /**
   * Brings a source in and checks it, as a job, and touches nothing that runs; its `data.release` is the id of the release that is then
   * ready to be deployed.
   */
  prepare: procedure
    .input(
      z.object({
        source: deploySourceSchema,
        unproven: z.boolean().default(false),
        note: z.string().max(200).default(''),
      }),
    )
    .output(startedJobSchema),
  /** What the deploy of a prepared release would do. */
  plan: procedure.input(z.object({ release: z.string() })).output(deployPlanSchema),
  /** Deploys a prepared release, as a job. Rejects with `deploy-refused`, `plan-outdated`, `deploy-not-trusted`, `job-busy`. */
  begin: procedure.input(begin.extend({ release: z.string() })).output(startedJobSchema),
  planRollBack: procedure.input(backTo).output(deployPlanSchema),
  /** Goes back, as a job; also during probation, which it ends. */
  rollBack: procedure.input(begin.omit({ trust: true }).extend(backTo.shape)).output(startedJobSchema),
  /** Ends the probation now: the release counts as good. Rejects with `deploy-not-on-probation`. */
  commit: procedure.input(z.object({ deploy: z.string() })).output(z.object({})),
  /** Tries again to bring a stuck deploy to its end, as a job. */
  settle: procedure.input(z.object({ deploy: z.string() })).output(startedJobSchema),
  /** The newest 200, newest first. */
  history: procedure.output(z.object({ deploys: z.array(deployViewSchema) })),
}
