import { askWhy } from '#core/diagnostics/index.ts'
import { api } from './implement.ts'

export const diagnosticsHandlers = {
  why: api.diagnostics.why.handler(({ input, context }) => askWhy(input.subject, context.console)),
}
