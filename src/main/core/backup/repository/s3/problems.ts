import { ConsoleError } from '#shared/problem.ts'

interface Words {
  readonly code: string
  readonly why: string
  readonly remedy: string
  readonly retryable?: boolean
}

const refused: Words = {
  code: 's3-refused',
  why: 'the server does not accept the access key or its secret',
  remedy: 'Check the two secrets that backup.target names, and what this key may do with the bucket.',
}
const busy: Words = {
  code: 's3-busy',
  why: 'the server is overloaded and asks to come again later',
  remedy: 'Nothing needs to be done if it works the next time; else ask whoever runs the server.',
  retryable: true,
}
const full: Words = {
  code: 'disk-full',
  why: 'the storage of the server, or what this key may use of it, is full',
  remedy: 'Free space there or buy more, then try again.',
  retryable: true,
}
const tls: Words = {
  code: 's3-tls',
  why: 'the certificate of the server is not trusted',
  remedy: 'Check the address; for a server with a certificate of its own name its authority in `ca`.',
}
const unreachable: Words = {
  code: 's3-unreachable',
  why: 'the server does not answer',
  remedy: 'Check the network and the endpoint in site.yaml; what was under way goes on at the next try.',
  retryable: true,
}
const clock: Words = {
  code: 's3-clock',
  why: 'the clock of this machine differs too much from that of the server',
  remedy: 'Put the clock of this machine right.',
}

/** Names of errors as S3 and its relatives give them, and of those that the network and TLS give. */
const byName: Readonly<Record<string, Words>> = {
  AccessDenied: { ...refused, why: 'the access key is not allowed to do that' },
  AllAccessDisabled: { ...refused, why: 'the access key is not allowed to do that' },
  InvalidAccessKeyId: refused,
  SignatureDoesNotMatch: refused,
  InvalidToken: refused,
  NoSuchBucket: {
    code: 's3-bucket-missing',
    why: 'there is no such bucket',
    remedy: 'Make the bucket, or correct its name in site.yaml.',
  },
  PermanentRedirect: {
    code: 's3-region',
    why: 'the bucket is in another region',
    remedy: 'Correct `region` in site.yaml.',
  },
  AuthorizationHeaderMalformed: {
    code: 's3-region',
    why: 'the bucket is in another region',
    remedy: 'Correct `region` in site.yaml.',
  },
  RequestTimeTooSkewed: clock,
  SlowDown: busy,
  ServiceUnavailable: busy,
  InternalError: busy,
  QuotaExceeded: full,
  XMinioStorageFull: full,
  EntityTooLarge: {
    code: 's3-failed',
    why: 'the server does not take files of this size',
    remedy: 'Use another server.',
  },
  ENOTFOUND: { ...unreachable, why: 'its name is not known in the network' },
  EAI_AGAIN: { ...unreachable, why: 'its name cannot be looked up: there is no network' },
  ECONNREFUSED: { ...unreachable, why: 'nothing listens there' },
  TimeoutError: unreachable,
  ETIMEDOUT: unreachable,
  ECONNRESET: { ...unreachable, why: 'the connection was cut' },
  EPIPE: { ...unreachable, why: 'the connection was cut' },
  ERR_STREAM_PREMATURE_CLOSE: { ...unreachable, why: 'the connection was cut' },
}

/** The error of a request as a sentence for whoever stands before it. `doing`: "be read", "be written to". */
export function s3Problem(error: unknown, place: string, doing: string): ConsoleError {
  if (error instanceof ConsoleError) return error
  const words = wordsFor(error)
  return new ConsoleError(words.code, `${capital(place)} cannot ${doing}: ${words.why}.`, words.remedy, {
    params: { place },
    ...(words.retryable && { retryable: true }),
    cause: error,
  })
}

/** Whether another try may help. */
export function isPassing(error: unknown): boolean {
  return wordsFor(error).retryable === true && statusOf(error) !== 507
}

export function nameOfError(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const code = 'code' in error ? String(error.code) : 'Code' in error ? String(error.Code) : ''
  return byName[error.name] ? error.name : code || error.name
}

export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined
  const { $metadata: metadata } = error
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined
}

function wordsFor(error: unknown): Words {
  const name = nameOfError(error)
  const known = byName[name]
  if (known) return known
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|EPROTO/.test(name)) return tls
  const status = statusOf(error)
  if (status === 401 || status === 403) return refused
  if (status === 507) return full
  if (status === 429 || (status !== undefined && status >= 500)) return busy
  const message = error instanceof Error ? error.message : String(error)
  return { code: 's3-failed', why: message.replace(/\.$/, ''), remedy: 'Look at the log of the server for details.' }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
