import { z } from 'zod'
import { expectation } from './expectation.ts'
import { duration, text, whole } from './schema-leaves.ts'

/** What a target of a route may say beside `webhook`. */
export const webhookKeys = {
  webhook: text('an address such as `https://api.example.com/hook`').optional().meta({
    words: 'address',
    description:
      'Sends each message there by HTTP, through the outbox. `${services.ID.ports.NAME}` and `${secrets.NAME}` may stand in it.',
  }),
  method: z
    .enum(['POST', 'PUT', 'PATCH'], { error: expectation('value-unknown', '`POST`, `PUT` or `PATCH`') })
    .optional()
    .meta({ description: '`webhook` only. Without it `POST`.' }),
  headers: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z0-9-]+$/, { error: expectation('id-bad', 'a header name: letters, digits and hyphens') }),
      text('a text'),
      { error: expectation('value-wrong-type', 'a map from header names to texts') },
    )
    .optional()
    .meta({ words: 'map', description: '`webhook` only: added to each call; `${secrets.NAME}` may stand in them.' }),
  type: text('a content type').optional().meta({
    description:
      '`webhook` only: the content type. Without it `application/json` where the body is JSON, else `text/plain`, or `application/octet-stream`.',
  }),
  timeout: duration().optional().meta({
    words: 'duration',
    description: '`webhook` only: how long a call may take until it is answered. Without it 10s, 5m at most.',
  }),
  parallel: whole(1, 16).optional().meta({
    description:
      '`webhook` only: how many calls may be under way at a time, of one key always one. Without it one, so that all keep their order.',
  }),
}

/** The keys that only stand beside `webhook`. */
export const besideWebhook = ['method', 'headers', 'type', 'timeout', 'parallel'] as const
