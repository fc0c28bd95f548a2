import { ConsoleError } from '#shared/problem.ts'
import { isHeaderText } from './dependency-rules.ts'
import { replaceReferences } from './references.ts'
import type { Secrets } from './secrets.ts'
import type { SiteDefinition, WebhookTarget } from './types.ts'

/** A webhook with its references filled in. Never to be shown or logged: it may hold secrets. */
export interface WebhookCall {
  readonly url: string
  readonly method: WebhookTarget['method']
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly type: string | null
  readonly timeoutMs: number
  readonly parallel: number
  /** Why it cannot be called, a part of a sentence; null when it can. */
  readonly fault: string | null
}

/** Fills in ports and secrets. What is missing becomes the reason why the webhook is not called; the other targets work all the same. */
export function webhookCall(
  { url, method, headers, type, timeoutMs, parallel }: WebhookTarget,
  { services }: SiteDefinition,
  secrets: Secrets,
): WebhookCall {
  const call = { method, type, timeoutMs, parallel }
  const filled = (text: string) =>
    replaceReferences(text, ({ name, target }) => {
      if (target.to === 'secret') return secrets(target.secret)
      const port = target.to === 'port' ? services[target.service]?.ports[target.port] : undefined
      if (port !== undefined) return String(port)
      throw unusable(`\${${name}} refers to nothing`)
    })
  try {
    const address = filled(url).trim()
    if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
      throw unusable('its address, with the secrets in it, is not one of a web page')
    }
    const values = Object.entries(headers).map(([name, text]) => {
      const value = filled(text)
      if (!isHeaderText(value)) throw unusable(`the secret in its header ${name} holds a line break or the like`)
      return [name.toLowerCase(), value] as const
    })
    return { ...call, url: address, headers: Object.fromEntries(values), fault: null }
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error
    return { ...call, url: '', headers: {}, fault: `it cannot be called: ${lowered(error.problem.message)}` }
  }
}

function unusable(why: string): ConsoleError {
  return new ConsoleError('webhook-unusable', why, 'Correct it in site.yaml or in the secrets file, then reload.')
}

/** A sentence as the end of another. */
function lowered(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`.replace(/\.$/, '')
}
