import { z } from 'zod'

/**
 * How a database of a server is reached for dumps and restores. Never holds a password: `secret` names the one in the secrets file. Kept in
 * records of restores, so that what was begun can be ended whatever site.yaml says by then.
 */
export const databaseAccessSchema = z.object({
  /** The service that declares it. */
  service: z.string(),
  host: z.string(),
  port: z.number().int(),
  /** Whoever dumps and restores it. */
  user: z.string(),
  tls: z.enum(['off', 'require', 'verify-full']),
  /** Name of the database. */
  name: z.string().min(1),
  secret: z.string().nullable(),
})
export type DatabaseAccess = z.infer<typeof databaseAccessSchema>
