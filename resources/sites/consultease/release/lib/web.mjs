// Small HTTP: JSON in and out, a page for people, errors as sentences.
import { createServer } from 'node:http'

/** A refusal with its status and a sentence. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

const headers = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  'cache-control': 'no-store',
}

/** Serves on 127.0.0.1. `answer(method, path, query, body)` gives `{ status, json }` or `{ html }`, or throws a Refusal. */
export function serve(port, answer, onFailure) {
  const server = createServer(async (request, response) => {
    try {
      const { pathname, searchParams } = new URL(request.url, 'http://localhost')
      const body = ['POST', 'PATCH'].includes(request.method) ? await readJson(request) : undefined
      send(response, await answer(request.method, pathname, searchParams, body))
    } catch (error) {
      if (!(error instanceof Refusal)) onFailure(error)
      const status = error instanceof Refusal ? error.status : 500
      send(response, {
        status,
        json: { error: status === 500 ? 'It could not be done; the log says why.' : error.message },
      })
    }
  })
  server.requestTimeout = 10_000
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

/** Lets requests that run come to an end, closes the rest. */
export function closeServer(server) {
  return new Promise((resolve) => {
    server.close(resolve)
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 1000).unref()
  })
}

/** Text that may stand in a page. */
export function escaped(text) {
  const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return String(text).replaceAll(/[&<>"']/g, (char) => entities[char])
}

/** A page that shows itself anew every few seconds. */
export function page(title, body) {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>${escaped(title)}</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #ddd}</style>
<h1>${escaped(title)}</h1>${body}</html>`
}

function send(response, { status = 200, json, html }) {
  const type = html === undefined ? 'application/json; charset=utf-8' : 'text/html; charset=utf-8'
  response.writeHead(status, { ...headers, 'content-type': type })
  response.end(html ?? JSON.stringify(json))
}

async function readJson(request) {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'Send JSON, with the content type application/json.')
  }
  const chunks = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > 16 * 1024) throw new Refusal(413, 'A request may have at most 16 KB.')
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new Refusal(400, 'What was sent is not JSON.')
  }
}
