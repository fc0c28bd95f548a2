import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const verificationHandlers = {
  run: api.verification.run.handler(({ context }) => siteOf(context).verification.run()),
}
