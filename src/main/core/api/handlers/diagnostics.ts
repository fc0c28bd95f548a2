import { api } from './implement.ts'
import { notBuilt } from './not-built.ts'

export const diagnosticsHandlers = {
  why: api.diagnostics.why.handler(notBuilt),
}
