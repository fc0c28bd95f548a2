import { z } from 'zod'
import { idSchema } from '../vocabulary.ts'
import { logPageSchema, logSearchSchema } from './log-search.ts'
import { procedure } from './procedure.ts'
import { serviceProcessesSchema, signalNameSchema } from './processes.ts'
import { startedJobSchema, touchSchema } from './shared-schemas.ts'
import { unitViewSchema } from './unit.ts'

const one = z.object({ service: idSchema })
export const serviceActionSchema = z.enum(['start', 'stop', 'restart', 'start-all', 'stop-all', 'emergency-stop'])
export type ServiceAction = z.infer<typeof serviceActionSchema>

export const servicesContract = {
  start: procedure.input(one).output(startedJobSchema),
  stop: procedure.input(one).output(startedJobSchema),
  restart: procedure.input(one).output(startedJobSchema),
  startAll: procedure.output(startedJobSchema),
  stopAll: procedure.output(startedJobSchema),
  /** Kills everything at once, in no order, within two seconds. Works in every state. */
  emergencyStop: procedure.output(z.object({ killed: z.number().int(), ms: z.number() })),
  /** What an action will touch. */
  preview: procedure.input(z.object({ action: serviceActionSchema, service: idSchema.optional() })).output(touchSchema),
  /** The last lines of a service's log. */
  logs: procedure
    .input(z.object({ service: idSchema, lines: z.number().int().min(1).max(5_000) }))
    .output(z.object({ lines: z.array(z.lazy(() => logLineSchema)) })),
  /** Lines of a service's log that hold a text, newest first. */
  searchLog: procedure.input(logSearchSchema).output(logPageSchema),
  /** Processes, ports and open files of a service, looked up now. */
  processes: procedure.input(one).output(serviceProcessesSchema),
  /** How systemd runs a service that names its `unit`, and what adopting or releasing it would do. Changes nothing. */
  unit: procedure.input(one).output(unitViewSchema),
  /** Stops and disables the unit and lets the console run the service instead; goes back by itself when it does not become ready. */
  adopt: procedure.input(one).output(startedJobSchema),
  /** The reverse: the unit gets its service back, as it was before. */
  release: procedure.input(one).output(startedJobSchema),
  /** Sends a signal to the service's own process. Refused where that would end it. */
  signal: procedure.input(one.extend({ signal: signalNameSchema })).output(z.object({ sentence: z.string() })),
}

/** A line that a service wrote. */
export const logLineSchema = z.object({ at: z.number().nullable(), stream: z.enum(['out', 'err']), text: z.string() })
export type LogLine = z.infer<typeof logLineSchema>
