import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const configHandlers = {
  values: api.config.values.handler(({ context }) => siteOf(context).config.values()),
}
