import { type Secrets, type SiteDefinition, type WebhookCall, webhookCall } from '#core/config/index.ts'
import { webhookKey } from './webhook-key.ts'

/** The webhooks of a site's routes with their references filled in, by route and address. Never to be logged. */
export function webhooksOf(definition: SiteDefinition, secrets: Secrets): Readonly<Record<string, WebhookCall>> {
  const all = Object.values(definition.routes).flatMap(({ id, to }) =>
    to.flatMap((target) =>
      target.kind === 'webhook'
        ? [[webhookKey(id, target.url), webhookCall(target, definition, secrets)] as const]
        : [],
    ),
  )
  return Object.fromEntries(all)
}
