import { implement } from '@orpc/server'
import { contract } from '#shared/contract/index.ts'
import type { ApiContext } from '../context.ts'

/** The contract, waiting for its handlers; the context carries who asks. */
export const api = implement(contract).$context<ApiContext>()
