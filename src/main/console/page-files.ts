import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Logger } from '#core/platform/index.ts'

/** What a host answers to a request for a file of the page. */
export interface PageAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Empty for HEAD. */
  readonly body: Uint8Array<ArrayBuffer>
}

export interface PageFilesOptions {
  /** Folder of the built renderer. */
  readonly directory: string
  /** What the page may connect to: its own origin (WebSocket), or nothing (preload pipe). */
  readonly connect: 'own origin' | 'nothing'
  readonly logger: Logger
}

/** Stands in index.html wherever a nonce belongs; each answer carries a new one. */
const noncePlaceholder = '__CSP_NONCE__'

/**
 * The files of the built page, as both hosts serve them. Takes the path of an address as it came (`/assets/index-4f2a.js`, still
 * percent-encoded, without a query) and the method. The names below the folder are read once and requests looked up among
 * them, never joined to a path, so that no request can lead out of the folder; links in it are not followed.
 */
export function pageFiles(options: PageFilesOptions): (path: string, method: string) => Promise<PageAnswer> {
  const { directory, logger } = options
  let names: Promise<ReadonlySet<string>> | undefined
  const isThere = async (name: string) => {
    // A build while the host runs brings new names together with a new index.html: look again whenever that is asked for.
    if (!names || name === 'index.html') names = namesBelow(directory)
    return (await names).has(name)
  }

  return async (path, method) => {
    try {
      const name = fileName(path)
      if (name === undefined || !(await isThere(name))) return refusal(404, 'There is no such file in this app.')
      if (method !== 'GET' && method !== 'HEAD') return refusal(405, 'The files of this app can only be read.')
      const bytes = await readFile(join(directory, name))
      const answer = name.endsWith('.html') ? page(bytes.toString('utf8'), options.connect) : asset(name, bytes)
      return method === 'HEAD' ? { ...answer, body: new Uint8Array() } : answer
    } catch (error) {
      logger.error('A file of the page could not be read.', { path, error: String(error) })
      return refusal(500, 'A file of this app could not be read: build the app again, or install it again.')
    }
  }
}

/** The file that a path names, relative to the folder; undefined when it cannot be read. */
function fileName(path: string): string | undefined {
  try {
    const name = decodeURIComponent(path).replace(/^\//, '')
    return name === '' ? 'index.html' : name
  } catch {
    return undefined
  }
}

/** What the page may load: its own files, and scripts and styles that carry the nonce of this answer. */
export function contentSecurityPolicy(nonce: string, connect: PageFilesOptions['connect']): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src ${connect === 'own origin' ? "'self'" : "'none'"}`,
    "worker-src 'none'",
    "frame-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Headers of every answer, also of refusals. HSTS is absent on purpose: this is loopback without TLS. */
const commonHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

function page(html: string, connect: PageFilesOptions['connect']): PageAnswer {
  const nonce = randomBytes(18).toString('base64')
  return {
    status: 200,
    headers: {
      ...commonHeaders,
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': contentSecurityPolicy(nonce, connect),
      'Cache-Control': 'no-store',
    },
    body: new TextEncoder().encode(html.replaceAll(noncePlaceholder, nonce)),
  }
}

const contentTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.map': 'application/json; charset=utf-8',
}

/** The build puts a hash of the content into these names, so what they hold never changes. */
const hashedName = /^assets\/.+-[\w-]{8}\.\w+$/

function asset(name: string, bytes: Uint8Array<ArrayBuffer>): PageAnswer {
  return {
    status: 200,
    headers: {
      ...commonHeaders,
      'Content-Type': contentTypes[extname(name)] ?? 'application/octet-stream',
      'Content-Security-Policy': "default-src 'none'",
      'Cache-Control': hashedName.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
    },
    body: bytes,
  }
}

/** An answer that refuses a request with a sentence. */
export function refusal(status: number, sentence: string): PageAnswer {
  return {
    status,
    headers: {
      ...commonHeaders,
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Security-Policy': "default-src 'none'",
      'Cache-Control': 'no-store',
      ...(status === 405 && { Allow: 'GET, HEAD' }),
    },
    body: new TextEncoder().encode(`${sentence}\n`),
  }
}

async function namesBelow(directory: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  const walk = async (folder: string) => {
    for (const entry of await readdir(join(directory, folder), { withFileTypes: true })) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) await walk(name)
      else if (entry.isFile()) names.add(name)
    }
  }
  await walk('')
  return names
}
