import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import S3rver from '@20minutes/s3rver'
import type { S3Address } from '#core/backup/repository/s3/address.ts'
import { temporaryFolder } from './folders.ts'

/** What the front does to the next requests that it is for; `times` counts down, and before it `after`, which pass unharmed. */
export interface S3Fault {
  after?: number
  readonly method?: string
  readonly key?: RegExp
  /** `cut`: the answer ends in the middle. `cut-upload`: the connection breaks before all has arrived. `silent`: no answer at all. */
  readonly what: 'status' | 'cut' | 'cut-upload' | 'silent'
  readonly status?: number
  readonly code?: string
  times: number
}

export interface S3TestServer extends AsyncDisposable {
  readonly address: S3Address
  /** Requests that arrived, as `PUT packs/…`. */
  readonly requests: string[]
  fault(fault: S3Fault): void
  /** As if an object had been written so long ago. */
  age(key: string, seconds: number): void
}

const bucket = 'lab'

/**
 * An S3 server (s3rver: signatures, buckets, ranges, listings, MD5) behind a front that adds what it lacks, conditional writes as S3
 * describes them, and makes faults. On loopback.
 */
export async function startS3Server(): Promise<S3TestServer> {
  const folder = temporaryFolder()
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: folder.path,
    configureBuckets: [{ name: bucket, configs: [] }],
  })
  const behind = await server.run()
  const faults: S3Fault[] = []
  const requests: string[] = []
  const ages = new Map<string, number>()
  let writing: Promise<unknown> = Promise.resolve()

  const keyOf = (url = '') => decodeURIComponent(url.split('?')[0]?.replace(`/${bucket}/`, '') ?? '')

  const pass = (incoming: IncomingMessage, answer: ServerResponse, body: Buffer, cutAnswer: boolean) =>
    new Promise<void>((resolve) => {
      const { headers } = incoming
      // s3rver signs the path of a listing without the slash at its end, which is not what clients send.
      server.allowMismatchedSignatures = incoming.url?.includes('list-type=') === true
      const outgoing = request(
        { host: '127.0.0.1', port: behind.port, method: incoming.method, path: incoming.url, headers },
        (response) => {
          const parts: Buffer[] = []
          response.on('data', (part: Buffer) => parts.push(part))
          response.on('end', () => {
            const content = Buffer.concat(parts)
            const age = ages.get(keyOf(incoming.url))
            const aged = age === undefined ? {} : { 'last-modified': new Date(Date.now() - age * 1000).toUTCString() }
            answer.writeHead(response.statusCode ?? 500, { ...response.headers, ...aged })
            if (cutAnswer) {
              answer.write(content.subarray(0, Math.floor(content.length / 2)), () => answer.socket?.destroy())
            } else answer.end(content)
            resolve()
          })
        },
      )
      outgoing.on('error', () => {
        answer.destroy()
        resolve()
      })
      outgoing.end(body)
    })

  /** The etag of an object as it lies there now; undefined when there is none. */
  const etagOf = async (key: string) => {
    const object = await server.store.getObject(bucket, key, {})
    object?.content?.destroy()
    return object ? `"${String(object.metadata.etag).replaceAll('"', '')}"` : undefined
  }

  const serve = async (incoming: IncomingMessage, answer: ServerResponse) => {
    const key = keyOf(incoming.url)
    requests.push(`${incoming.method} ${key}`)
    const meant = faults.find(
      ({ method, key: pattern, times }) =>
        times > 0 && (!method || method === incoming.method) && (!pattern || pattern.test(key)),
    )
    const spared = meant?.after !== undefined && meant.after > 0
    if (meant && spared) meant.after = (meant.after ?? 0) - 1
    const fault = spared ? undefined : meant
    if (fault) fault.times--
    if (fault?.what === 'silent') return
    if (fault?.what === 'cut-upload') {
      incoming.socket.destroy()
      return
    }
    const parts: Buffer[] = []
    for await (const part of incoming) parts.push(part)
    if (fault?.what === 'status') {
      answer.writeHead(fault.status ?? 503, { 'content-type': 'application/xml' })
      answer.end(
        `<?xml version="1.0"?><Error><Code>${fault.code ?? 'SlowDown'}</Code><Message>as ordered</Message></Error>`,
      )
      return
    }
    const conditional = incoming.method === 'PUT' && (incoming.headers['if-match'] ?? incoming.headers['if-none-match'])
    const turn = async () => {
      if (conditional) {
        const etag = await etagOf(key)
        const holds =
          incoming.headers['if-none-match'] === '*' ? etag === undefined : etag === incoming.headers['if-match']
        if (!holds) {
          answer.writeHead(412, { 'content-type': 'application/xml' })
          answer.end('<?xml version="1.0"?><Error><Code>PreconditionFailed</Code><Message>no</Message></Error>')
          return
        }
      }
      if (incoming.method === 'PUT') ages.delete(key)
      await pass(incoming, answer, Buffer.concat(parts), fault?.what === 'cut')
    }
    if (!conditional) return turn()
    // One conditional write after the other, so that the look and the write are one step.
    writing = writing.then(turn, turn)
    await writing
  }

  const front = createServer((incoming, answer) => void serve(incoming, answer).catch(() => answer.destroy()))
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const { port } = front.address() as AddressInfo
  return {
    address: {
      kind: 's3',
      endpoint: `http://127.0.0.1:${port}`,
      bucket,
      prefix: 'site/backups/',
      region: 'us-east-1',
      pathStyle: true,
      ca: null,
      accessKey: 'S3RVER',
      secretKey: 'S3RVER',
    },
    requests,
    fault: (fault) => void faults.push(fault),
    age: (key, seconds) => void ages.set(`site/backups/${key}`, seconds),
    async [Symbol.asyncDispose]() {
      front.closeAllConnections()
      await new Promise((resolve) => front.close(resolve))
      await server.close()
      folder[Symbol.dispose]()
    },
  }
}
