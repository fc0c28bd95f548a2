import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** What a service shows to be let in: made from the site's secret, so that one that survives the console is still known. */
export function pushToken(secret: string, service: string): string {
  return createHmac('sha256', secret).update(`push:${service}`).digest('base64url')
}

/** Whether a request's `Authorization` is that of the service. Takes as long whatever is wrong with it. */
export function isAuthorized(header: string | undefined, secret: string, service: string): boolean {
  const shown = /^Bearer (\S+)$/.exec(header ?? '')?.[1] ?? ''
  return timingSafeEqual(digest(shown), digest(pushToken(secret, service)))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
