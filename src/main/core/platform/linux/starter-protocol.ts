import { z } from 'zod'
import type { SpawnOptions } from '../processes.ts'

// One JSON value a line, between the console and its `starter`. The helper itself imports only the types: what it loads, it starts slower by.

/** Starts a program. Answered once with the same id, in the order of the requests. */
export interface StartRequest {
  readonly id: number
  readonly options: SpawnOptions
}

const startFaultSchema = z.discriminatedUnion('fault', [
  z.object({ fault: z.literal('folder-missing'), cwd: z.string() }),
  z.object({ fault: z.literal('program-not-executable'), file: z.string() }),
  /** `looked`: the one place where it was looked for; null when it was looked for on the PATH. */
  z.object({ fault: z.literal('program-missing'), file: z.string(), looked: z.string().nullable() }),
  z.object({ fault: z.literal('not-started'), file: z.string(), detail: z.string() }),
])
/** Why a program was not started. */
export type StartFault = z.infer<typeof startFaultSchema>

export const starterMessageSchema = z.union([
  z.object({ type: z.literal('started'), id: z.number(), pid: z.number(), startTicks: z.number() }),
  z.object({ type: z.literal('not-started'), id: z.number(), fault: startFaultSchema }),
  /** What the request of this id started is gone. */
  z.object({ type: z.literal('exited'), id: z.number(), code: z.number().nullable(), signal: z.string().nullable() }),
])
export type StarterMessage = z.infer<typeof starterMessageSchema>
