import { z } from 'zod'
import { problemSchema } from '#shared/problem.ts'

/** What the console asks of a release helper: one request, one JSON line; the helper ends after its answer. */

export const sourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('folder'), folder: z.string() }),
  z.object({ kind: z.literal('archive'), file: z.string() }),
  z.object({ kind: z.literal('git'), repository: z.string(), ref: z.string() }),
])

/** Files of a release: from a list that was written down, or by reading a folder, without entries of these names directly in it. */
const filesOfSchema = z.union([
  z.object({ list: z.string() }),
  z.object({ folder: z.string(), without: z.array(z.string()) }),
])
export type FilesOf = z.infer<typeof filesOfSchema>

export const faultsSchema = z.object({
  missing: z.array(z.string()),
  changed: z.array(z.string()),
  extra: z.array(z.string()),
})

const sized = { path: z.string(), bytes: z.number() }
export const differenceSchema = z.object({
  added: z.array(z.object(sized)),
  removed: z.array(z.object(sized)),
  changed: z.array(z.object({ ...sized, before: z.number() })),
  unchanged: z.number().int(),
})

export const methods = {
  /** Brings a source into the empty folder `staging`: its files into `tree` there, what they are into `files.json`. */
  prepare: {
    input: z.object({
      source: sourceSchema,
      staging: z.string(),
      /** Real path of the site folder, which no source may hold or be. */
      site: z.object({ id: z.string(), directory: z.string() }),
      /** Takes an archive without a manifest. */
      unproven: z.boolean(),
      limits: z.object({
        entries: z.number(),
        bytes: z.number(),
        ratio: z.number(),
        ratioFrom: z.number(),
        /** Milliseconds for all that git does. */
        gitWithinMs: z.number(),
      }),
    }),
    output: z.object({
      /** Folder of the code: `tree`, or the one folder in it that holds the manifest. */
      folder: z.string(),
      digest: z.string(),
      proof: z.enum(['manifest', 'computed']),
      version: z.string().nullable(),
      schema: z.string().nullable(),
      commit: z.string().nullable(),
      files: z.number().int(),
      bytes: z.number(),
      notes: z.array(z.string()),
    }),
  },
  /** Reads a folder and writes down what it holds. Everything on its disk survives a power cut then. */
  seal: {
    input: z.object({ folder: z.string(), without: z.array(z.string()), list: z.string() }),
    output: z.object({ files: z.number().int(), bytes: z.number(), digest: z.string() }),
  },
  /** Reads a folder against what was written down. */
  verify: {
    input: z.object({ folder: z.string(), without: z.array(z.string()), list: z.string() }),
    output: z.object({ files: z.number().int(), faults: faultsSchema }),
  },
  differ: { input: z.object({ from: filesOfSchema, to: filesOfSchema }), output: differenceSchema },
  remove: { input: z.object({ paths: z.array(z.string()) }), output: z.object({}) },
  /** Writes a folder as a `.tar.gz` with its manifest first. */
  pack: {
    input: z.object({
      folder: z.string(),
      file: z.string(),
      replace: z.boolean(),
      site: z.string(),
      version: z.string().nullable(),
      schema: z.string().nullable(),
      /** ISO 8601. */
      made: z.string(),
      limits: z.object({ entries: z.number(), bytes: z.number() }),
    }),
    output: z.object({
      files: z.number().int(),
      bytes: z.number(),
      packed: z.number(),
      digest: z.string(),
      notes: z.array(z.string()),
    }),
  },
} as const

export type Method = keyof typeof methods
export type Input<M extends Method> = z.infer<(typeof methods)[M]['input']>
export type Output<M extends Method> = z.infer<(typeof methods)[M]['output']>

export const requestSchema = z.object({ method: z.string(), input: z.unknown() })

export const fromHelper = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    done: z.number(),
    total: z.number(),
    unit: z.enum(['files', 'bytes', 'entries']),
  }),
  z.object({ type: z.literal('log'), line: z.string() }),
  z.object({ type: z.literal('done'), value: z.unknown() }),
  z.object({ type: z.literal('failed'), problem: problemSchema }),
])
export type FromHelper = z.infer<typeof fromHelper>

/** What the work of a helper tells on its way. */
export interface WorkPorts {
  progress(done: number, total: number, unit: 'files' | 'bytes' | 'entries'): void
  log(line: string): void
}
