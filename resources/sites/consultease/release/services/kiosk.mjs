// The kiosk in the corridor: a page, and simulated students who ask for consultations, about one every 4 s. While the
// consultation service is away it tries again after 1, 2, 4 … at most 30 s. PACE makes the students faster.
import { topics } from '../lib/people.mjs'
import { log, onStop, seededRandom, setting } from '../lib/service.mjs'
import { closeServer, escaped, page, Refusal, serve } from '../lib/web.mjs'

const port = Number(setting('HTTP_PORT'))
const api = setting('API_URL')
const random = seededRandom(Number(process.env.SEED ?? 1))
const pace = Number(process.env.PACE ?? 1)
const latest = []
let asked = 0
let people
let failures = 0
let reason
let timer = setTimeout(visit, 500)

const server = await serve(port, answer, (error) => log(`Failed: ${error.message}`)).catch((error) => {
  process.stderr.write(`Port ${port} cannot be used: ${error.message}.\n`)
  process.exit(1)
})
onStop(() => {
  clearTimeout(timer)
  timer = undefined
  return closeServer(server)
})
log(`Kiosk on http://127.0.0.1:${port}/.`)

/** One student comes by and asks. */
async function visit() {
  try {
    people ??= { faculty: await call('GET', '/api/faculty'), students: await call('GET', '/api/students') }
    const wish = { student: pick(people.students).id, faculty: pick(people.faculty).id, topic: pick(topics) }
    const made = await call('POST', '/api/consultations', wish)
    if (failures > 0) log('The consultation service is back.')
    failures = 0
    reason = undefined
    asked++
    latest.unshift(made)
    latest.length = Math.min(latest.length, 20)
  } catch (error) {
    reason = error.cause?.message ?? error.message
    if (failures === 0) log(`The consultation service is away: ${reason}`)
    failures++
  }
  const pause = failures === 0 ? (3000 + random() * 2000) / pace : Math.min(30_000, 500 * 2 ** failures)
  if (timer !== undefined) timer = setTimeout(visit, pause)
}

async function call(method, path, body) {
  const response = await fetch(`${api}${path}`, {
    method,
    headers: body ? { 'content-type': 'application/json' } : {},
    body: body ? JSON.stringify(body) : null,
    signal: AbortSignal.timeout(3000),
  })
  const result = await response.json()
  if (!response.ok) throw new Error(result.error ?? `it answered ${response.status}`)
  return result
}

function answer(method, path) {
  if (method !== 'GET') throw new Refusal(405, 'This is only to be read.')
  if (path === '/health') {
    // One failure may be a restart of the service; three in a row mean that students stand before a kiosk that cannot help.
    if (failures >= 3)
      return { status: 503, json: { status: 'unwell', reason: `The consultation service is away: ${reason}` } }
    return { json: { status: 'ok', asked } }
  }
  if (path === '/') return { html: overview() }
  throw new Refusal(404, `There is nothing at ${path}.`)
}

function overview() {
  const state = reason ? `<p>Consultations cannot be asked for now: ${escaped(reason)}</p>` : ''
  const rows = latest.map(
    (one) => `<tr><td>${one.id}</td><td>${escaped(one.faculty)}</td><td>${escaped(one.topic)}</td></tr>`,
  )
  return page('Student kiosk', `${state}<p>${asked} requests since the start.</p><table>${rows.join('')}</table>`)
}

function pick(list) {
  return list[Math.floor(random() * list.length)]
}
