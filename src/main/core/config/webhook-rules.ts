import { isHeaderText } from './dependency-rules.ts'
import { type Fault, pathText } from './problem-report.ts'
import { referencesIn, replaceReferences } from './references.ts'
import type { SiteFile } from './site-schema.ts'
import { besideWebhook } from './webhook-schema.ts'
import type { DocumentPath } from './yaml-text.ts'

type Target = SiteFile['routes'][string]['to'][number]

const longestTimeoutMs = 300_000

/** What HTTP or the console itself sets. */
const notFree = ['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'expect', 'te', 'trailer']
const ownHeaders = ['idempotency-key', 'content-type', 'user-agent']

/** The address, the headers and the time-out of a webhook, and keys of a webhook at a target that is none. */
export function webhookFaults(path: DocumentPath, target: Target, file: SiteFile): readonly Fault[] {
  if (target.webhook === undefined) {
    return besideWebhook
      .filter((key) => target[key] !== undefined)
      .map((key) => ({
        code: 'key-not-for-kind',
        path: [...path, key],
        at: 'key',
        message: `${pathText([...path, key])} is only for a \`webhook\`.`,
        remedy: `Remove \`${key}\`.`,
      }))
  }
  const faults = [...addressFaults([...path, 'webhook'], target.webhook, file)]
  for (const [name, value] of Object.entries(target.headers ?? {})) {
    faults.push(...headerFaults([...path, 'headers', name], name, value))
  }
  if (target.type !== undefined && !isHeaderText(target.type)) faults.push(notInHeaders([...path, 'type']))
  if (target.timeout !== undefined && target.timeout > longestTimeoutMs) {
    const message = `${pathText([...path, 'timeout'])} is longer than five minutes.`
    faults.push({ code: 'value-too-large', path: [...path, 'timeout'], message, remedy: 'Write `5m` or less.' })
  }
  return faults
}

function addressFaults(path: DocumentPath, text: string, file: SiteFile): readonly Fault[] {
  const wrong = referencesIn(text).find(({ target }) => {
    if (target.to === 'secret') return false
    if (target.to !== 'port') return true
    const service = Object.hasOwn(file.services, target.service) ? file.services[target.service] : undefined
    return !service || !Object.hasOwn(service.ports, target.port)
  })
  if (wrong) {
    const message = `${pathText(path)} uses \${${wrong.name}}, which may not stand there or refers to nothing.`
    const remedy = 'In the address of a webhook there may stand ${services.ID.ports.NAME} and ${secrets.NAME}.'
    return [{ code: 'variable-unknown', path, message, remedy }]
  }
  // The whole address may be a secret: what it is shows when it is called.
  if (referencesIn(text)[0]?.target.to === 'secret' && text.startsWith('${')) return []
  const address = replaceReferences(text, () => '1')
  const url = URL.canParse(address) ? new URL(address) : null
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return []
  const named = url && (url.username !== '' || url.password !== '')
  return [
    {
      code: named ? 'password-in-file' : 'address-bad',
      path,
      // An address with a password must not be repeated in a message that is shown and logged.
      message: named
        ? `${pathText(path)} has a name or password in it, where everybody who may read site.yaml sees it.`
        : `${pathText(path)} is not the address of a web page: it begins neither with http:// nor with https://, or cannot be read.`,
      remedy: named
        ? 'Hand it over in `headers`: `authorization: "Bearer ${secrets.NAME}"`.'
        : 'Write it like `https://api.example.com/hook`.',
    },
  ]
}

function headerFaults(path: DocumentPath, name: string, value: string): readonly Fault[] {
  const lower = name.toLowerCase()
  if (notFree.includes(lower) || ownHeaders.includes(lower) || lower.startsWith('wheelhouse-')) {
    const message = `${pathText(path)} is a header that the console sets itself.`
    const remedy = lower === 'content-type' ? 'Write the content type as `type` of the target.' : 'Remove it.'
    return [{ code: 'header-not-free', path, at: 'key', message, remedy }]
  }
  const wrong = referencesIn(value).find(({ target }) => target.to !== 'secret')
  if (wrong) {
    const message = `${pathText(path)} uses \${${wrong.name}}, but only \${secrets.NAME} may stand in a header.`
    return [{ code: 'variable-unknown', path, message, remedy: 'Write the value itself, or keep it as a secret.' }]
  }
  if (!isHeaderText(value)) return [notInHeaders(path)]
  if (lower !== 'authorization' || referencesIn(value).length > 0) return []
  const message = `${pathText(path)} stands in site.yaml itself, where everybody who may read the file sees it.`
  const remedy = 'Keep it as a secret, and write `authorization: "Bearer ${secrets.NAME}"`.'
  return [{ code: 'password-in-file', path, message, remedy }]
}

function notInHeaders(path: DocumentPath): Fault {
  const message = `${pathText(path)} holds a line break or another character that may not stand in a header.`
  return { code: 'header-bad', path, message, remedy: 'Write it in one line of plain letters.' }
}
