import { oc } from '@orpc/contract'
import { problemSchema } from '../problem.ts'

/** The base of every call: its failures are {@link problemSchema data}, never prose in a stack trace. */
export const procedure = oc.errors({ REFUSED: { data: problemSchema } })
