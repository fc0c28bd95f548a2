import { z } from 'zod'
import { mostPaths, pathKeySchema } from '../path-key.ts'
import { procedure } from './procedure.ts'
import { startedJobSchema } from './shared-schemas.ts'

const pathsSchema = z.array(pathKeySchema).min(1).max(mostPaths).nullable().default(null)
/** An absolute path on the console's machine. */
const placeSchema = z.string().min(1).max(4_096)

/** Snapshots that leave the repository, or come into it. Paths of files and folders are those of the console's machine. */
export const snapshotCopiesContract = {
  /** Where a snapshot may well be written to: beside the last one, else the console's own folder. Nothing is made. */
  suggest: procedure
    .input(z.object({ snapshot: z.string() }))
    .output(z.object({ file: z.string().nullable(), folder: z.string().nullable() })),
  /** Writes a snapshot, or paths of it, into an empty or absent folder outside the site. */
  into: procedure
    .input(z.object({ snapshot: z.string(), paths: pathsSchema, folder: placeSchema }))
    .output(startedJobSchema),
  /** Writes it as a `.tar.gz`. */
  export: procedure
    .input(
      z.object({ snapshot: z.string(), paths: pathsSchema, file: placeSchema, replace: z.boolean().default(false) }),
    )
    .output(startedJobSchema),
  /** Makes a snapshot of a `.tar.gz`, or unpacks it into an empty or absent folder. */
  import: procedure
    .input(
      z.object({
        file: placeSchema,
        note: z.string().max(500).default(''),
        folder: placeSchema.nullable().default(null),
      }),
    )
    .output(startedJobSchema),
}
