import { z } from 'zod'
import { idSchema } from '../vocabulary.ts'

/** Signals that an operator may send. None of them ends a service that knows it; one that would end it is refused. */
export const signalNameSchema = z.enum(['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'])
export type SignalName = z.infer<typeof signalNameSchema>

/** Why a signal is not sent, or what to know before it is. */
export const signalViewSchema = z.object({
  signal: signalNameSchema,
  may: z.boolean(),
  /** "It has code for it.", "It would end: it has no code for it." */
  sentence: z.string(),
})

/** One process of a service. */
export const processViewSchema = z.object({
  pid: z.number().int(),
  /** Its parent, also where that is no process of the service. */
  parent: z.number().int(),
  /** How far below the service's own process it is; 0 for that itself and for what left its tree. */
  depth: z.number().int(),
  /** Program, and script of an interpreter, without arguments. */
  name: z.string(),
  /** Per cent of one core; null until it was measured twice. */
  cpu: z.number().nullable(),
  memory: z.number(),
  ageMs: z.number(),
  /** Null when they may not be seen. */
  openFiles: z.number().int().nullable(),
  /** It left the service's tree and is only known by its mark. */
  strayed: z.boolean(),
})
export type ProcessView = z.infer<typeof processViewSchema>

/** A socket on which a service takes connections or datagrams. */
export const listeningViewSchema = z.object({
  protocol: z.enum(['tcp', 'udp']),
  address: z.string(),
  port: z.number().int(),
  pid: z.number().int(),
  /** Its name in site.yaml; null: not declared there. */
  name: z.string().nullable(),
  /** Whether other machines reach it. */
  beyondLoopback: z.boolean(),
})

/** What a service consists of, looked up when asked. */
export const serviceProcessesSchema = z.object({
  service: idSchema,
  /** Wall-clock milliseconds of the look. */
  at: z.number(),
  /** Why there are no processes; null when there are. */
  sentence: z.string().nullable(),
  startedAt: z.number().nullable(),
  processes: z.array(processViewSchema),
  /** Further processes that are not listed. */
  notShown: z.number().int(),
  ports: z.array(listeningViewSchema),
  /** Ports of site.yaml on which nobody of the service listens. */
  silent: z.array(z.object({ name: z.string(), port: z.number().int() })),
  openFiles: z.number().int().nullable(),
  /** False when files of a process may not be seen or were too many: ports may be missing. */
  complete: z.boolean(),
  /** The limits of site.yaml and how it stands to each. */
  limits: z.array(
    z.object({
      what: z.enum(['memory', 'cpu', 'processes', 'open-files']),
      most: z.number(),
      now: z.number().nullable(),
      over: z.boolean(),
    }),
  ),
  signals: z.array(signalViewSchema),
})
export type ServiceProcesses = z.infer<typeof serviceProcessesSchema>
