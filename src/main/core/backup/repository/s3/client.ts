import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { type Clock, delay } from '#core/platform/index.ts'
import type { StoredFile } from '../storage.ts'
import { type S3Address, s3Place } from './address.ts'
import { isPassing, nameOfError, s3Problem, statusOf } from './problems.ts'

/** How long to wait for what, and how often to try again. Milliseconds. */
export interface S3Patience {
  readonly connectMs: number
  /** Without a byte in either direction. */
  readonly silenceMs: number
  readonly tries: number
  readonly firstPauseMs: number
}

export const usualPatience: S3Patience = { connectMs: 10_000, silenceMs: 30_000, tries: 4, firstPauseMs: 500 }

export interface S3Object {
  readonly content: Buffer
  readonly etag: string
  /** Seconds since it was written, by the clock of the server; 0 where it does not say. */
  readonly age: number
}

export type PutCondition = { readonly absent: true } | { readonly etag: string } | null

/** Connections at once to one server. */
const sockets = 8

/** The few requests that a repository needs, each with time-outs, tries and errors in sentences. Keys are below the prefix. */
export class S3Requests implements Disposable {
  readonly place: string
  readonly #address: S3Address
  readonly #clock: Clock
  readonly #patience: S3Patience
  readonly #closing = new AbortController()
  #client: Promise<Sdk> | undefined

  constructor(address: S3Address, clock: Clock, patience: S3Patience) {
    this.place = s3Place(address)
    this.#address = address
    this.#clock = clock
    this.#patience = patience
  }

  /** A whole object, or a part; undefined when it is not there. A part that begins behind the end is empty. */
  async get(key: string, range?: { readonly offset: number; readonly length: number }): Promise<S3Object | undefined> {
    return this.#tried('be read', async ({ sdk, client, signal }) => {
      try {
        const answer = await client.send(
          new sdk.GetObjectCommand({
            ...this.#at(key),
            ...(range && { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` }),
          }),
          { abortSignal: signal },
        )
        const body = answer.Body
        // A connection that is cut in the middle fails here, and the whole request is made again.
        const content = body ? await buffer(body as AsyncIterable<Uint8Array>) : Buffer.alloc(0)
        if (answer.ContentLength !== undefined && content.length !== answer.ContentLength) throw cut()
        const date = dates.get(answer.$metadata)
        const written = answer.LastModified?.getTime()
        const age = date !== undefined && written !== undefined ? Math.max(0, (date - written) / 1000) : 0
        return { content, etag: answer.ETag ?? '', age }
      } catch (error) {
        if (nameOfError(error) === 'NoSuchKey') return undefined
        if (range && (statusOf(error) === 416 || nameOfError(error) === 'InvalidRange')) {
          return { content: Buffer.alloc(0), etag: '', age: 0 }
        }
        throw error
      }
    })
  }

  /** Whether it was written: false when the condition did not hold. Resolves with the new etag. */
  async put(key: string, content: Uint8Array, condition: PutCondition = null): Promise<string | false> {
    const md5 = createHash('md5').update(content).digest('base64')
    return this.#tried('be written to', async ({ sdk, client, signal }) => {
      try {
        const answer = await client.send(
          new sdk.PutObjectCommand({
            ...this.#at(key),
            Body: content,
            ContentLength: content.length,
            // The server compares what arrived with this, so that damage on the way is an error and not a backup.
            ContentMD5: md5,
            ...(condition && ('absent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.etag })),
          }),
          { abortSignal: signal },
        )
        return answer.ETag ?? ''
      } catch (error) {
        if (condition && (statusOf(error) === 412 || statusOf(error) === 409)) return false
        if (condition && 'etag' in condition && statusOf(error) === 404) return false
        throw error
      }
    })
  }

  async remove(key: string): Promise<void> {
    await this.#tried('be changed', ({ sdk, client, signal }) =>
      client.send(new sdk.DeleteObjectCommand(this.#at(key)), { abortSignal: signal }),
    )
  }

  async exists(key: string): Promise<boolean> {
    return this.#tried('be read', async ({ sdk, client, signal }) => {
      try {
        await client.send(new sdk.HeadObjectCommand(this.#at(key)), { abortSignal: signal })
        return true
      } catch (error) {
        if (statusOf(error) === 404) return false
        throw error
      }
    })
  }

  /** Objects and "folders" directly below a prefix. */
  async list(prefix: string): Promise<{ readonly files: readonly StoredFile[]; readonly folders: readonly string[] }> {
    const files: StoredFile[] = []
    const folders: string[] = []
    const root = this.#address.prefix
    let token: string | undefined
    do {
      const page = await this.#tried('be read', ({ sdk, client, signal }) =>
        client.send(
          new sdk.ListObjectsV2Command({
            Bucket: this.#address.bucket,
            Prefix: root + prefix,
            Delimiter: '/',
            ...(token !== undefined && { ContinuationToken: token }),
          }),
          { abortSignal: signal },
        ),
      )
      for (const { Key = '', Size = 0 } of page.Contents ?? []) {
        if (Key.startsWith(root) && !Key.endsWith('/')) files.push({ key: Key.slice(root.length), size: Size })
      }
      for (const { Prefix = '' } of page.CommonPrefixes ?? []) folders.push(Prefix.slice(root.length))
      token = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (token !== undefined)
    files.sort((a, b) => (a.key < b.key ? -1 : 1))
    return { files, folders }
  }

  [Symbol.dispose](): void {
    this.#closing.abort()
    void this.#client?.then(
      ({ client }) => client.destroy(),
      () => {},
    )
  }

  #at(key: string) {
    return { Bucket: this.#address.bucket, Key: this.#address.prefix + key }
  }

  async #tried<T>(doing: string, request: (with_: Sdk & { readonly signal: AbortSignal }) => Promise<T>): Promise<T> {
    const { tries, firstPauseMs } = this.#patience
    for (let attempt = 1; ; attempt++) {
      try {
        this.#client ??= this.#connect()
        return await request({ ...(await this.#client), signal: this.#closing.signal })
      } catch (error) {
        if (attempt >= tries || !isPassing(error) || this.#closing.signal.aborted) {
          throw s3Problem(error, this.place, doing)
        }
        await delay(this.#clock, firstPauseMs * 3 ** (attempt - 1), this.#closing.signal)
      }
    }
  }

  /** Loaded only where a bucket is used: it is the largest of the console's dependencies. */
  async #connect(): Promise<Sdk> {
    const { endpoint, region, pathStyle, ca, accessKey, secretKey } = this.#address
    assertSafe(endpoint)
    // Loaded here, so that a helper that works in a folder starts without them.
    const [sdk, { NodeHttpHandler }, http, https] = await Promise.all([
      import('@aws-sdk/client-s3'),
      import('@smithy/node-http-handler'),
      import('node:http'),
      import('node:https'),
    ])
    const trust = ca === null ? {} : { ca: await readFile(ca) }
    const { connectMs, silenceMs } = this.#patience
    const config: S3ClientConfig = {
      endpoint,
      region,
      forcePathStyle: pathStyle,
      // Given here, so that nothing is looked up in the environment, in files of the user, or at an address of a cloud.
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      maxAttempts: 1,
      // Many relatives of S3 do not know the newer checksums; MD5 on the way there and the repository's own SHA-256 do.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: new NodeHttpHandler({
        connectionTimeout: connectMs,
        socketTimeout: silenceMs,
        httpAgent: new http.Agent({ keepAlive: true, maxSockets: sockets }),
        httpsAgent: new https.Agent({ keepAlive: true, maxSockets: sockets, ...trust }),
      }),
    }
    const client = new sdk.S3Client(config)
    client.middlewareStack.add(
      (next) => async (step) => {
        const result = await next(step)
        const date = Date.parse(headerOf(result.response, 'date') ?? '')
        if (!Number.isNaN(date)) dates.set(result.output.$metadata, date)
        return result
      },
      { step: 'initialize', name: 'serverDate' },
    )
    return { sdk, client }
  }
}

interface Sdk {
  readonly sdk: typeof import('@aws-sdk/client-s3')
  readonly client: S3Client
}

/** When the server answered, by its own clock, by what the answer carries. */
const dates = new WeakMap<object, number>()

function headerOf(response: unknown, name: string): string | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined
  const { headers } = response
  if (typeof headers !== 'object' || headers === null) return undefined
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
  return typeof found === 'string' ? found : undefined
}

function cut(): Error {
  return Object.assign(new Error('the connection was cut'), { code: 'ECONNRESET' })
}

/** Keys and data of backups go over the network: without TLS only to this machine itself. */
function assertSafe(endpoint: string): void {
  const { protocol, hostname } = new URL(endpoint)
  const here = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
  if (protocol === 'https:' || (protocol === 'http:' && here)) return
  throw s3Problem(
    Object.assign(new Error(`${endpoint} is not https, so that anybody on the way could read along`), {
      name: 'insecure',
    }),
    'The S3 storage',
    'be used',
  )
}
