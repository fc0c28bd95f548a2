import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Protocol } from 'electron'
import type { Logger } from '#core/platform/index.ts'

/** Origin of every page of the console. Nothing else may use the pipe. */
export const appOrigin = 'app://wheelhouse'

/** Address of the one page. */
export const appPage = `${appOrigin}/index.html`

/** Stands in index.html wherever a nonce belongs; each answer carries a new one. */
const noncePlaceholder = '__CSP_NONCE__'

/** Declares `app:` a standard, secure scheme: an origin of its own, no file access. To be called before `ready`. */
export function registerAppScheme(protocol: Pick<Protocol, 'registerSchemesAsPrivileged'>): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ])
}

/** Serves the built page from `directory` as `app://wheelhouse/…`. */
export function serveApp(
  protocol: Pick<Protocol, 'handle' | 'unhandle'>,
  directory: string,
  logger: Logger,
): Disposable {
  const answer = pageServer(directory, logger)
  protocol.handle('app', answer)
  return { [Symbol.dispose]: () => protocol.unhandle('app') }
}

/**
 * Answers requests with the files of one folder. The names of its files are read once; what is asked for is looked up among
 * them and never joined to a path, so that no request can lead out of the folder. Links in it are not followed.
 */
export function pageServer(
  directory: string,
  logger: Logger,
): (request: { readonly url: string; readonly method: string }) => Promise<Response> {
  let names: Promise<ReadonlySet<string>> | undefined
  return async ({ url, method }) => {
    names ??= namesBelow(directory)
    const name = fileNameOf(url)
    if (name === undefined || !(await names).has(name)) return refusal(404, 'There is no such file in this app.')
    if (method !== 'GET' && method !== 'HEAD') return refusal(405, 'The files of this app can only be read.')
    try {
      const bytes = await readFile(join(directory, name))
      return name.endsWith('.html') ? page(bytes.toString('utf8')) : asset(name, bytes)
    } catch (error) {
      logger.error(`A file of the app could not be read: ${name}.`, { error: String(error) })
      return refusal(500, 'A file of this app could not be read.')
    }
  }
}

/** The file that an address names, relative to the folder; undefined for another origin or an address that cannot be read. */
export function fileNameOf(address: string): string | undefined {
  const url = URL.parse(address)
  if (url?.protocol !== 'app:' || url.host !== 'wheelhouse' || url.username !== '' || url.password !== '')
    return undefined
  try {
    const name = decodeURIComponent(url.pathname).replace(/^\//, '')
    return name === '' ? 'index.html' : name
  } catch {
    return undefined
  }
}

/**
 * What the page may load: its own files, and scripts and styles that carry the nonce of this answer. It connects to nothing:
 * everything goes through the pipe.
 */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'none'",
    "worker-src 'none'",
    "frame-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

const commonHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

function page(html: string): Response {
  const nonce = randomBytes(18).toString('base64')
  return new Response(html.replaceAll(noncePlaceholder, nonce), {
    headers: {
      ...commonHeaders,
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': contentSecurityPolicy(nonce),
      'Cache-Control': 'no-store',
    },
  })
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

function asset(name: string, bytes: Uint8Array<ArrayBuffer>): Response {
  const type = contentTypes[extname(name)] ?? 'application/octet-stream'
  return new Response(bytes, {
    headers: { ...commonHeaders, 'Content-Type': type, 'Content-Security-Policy': "default-src 'none'" },
  })
}

function refusal(status: number, sentence: string): Response {
  const headers = {
    ...commonHeaders,
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Security-Policy': "default-src 'none'",
  }
  return new Response(sentence, { status, headers })
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
