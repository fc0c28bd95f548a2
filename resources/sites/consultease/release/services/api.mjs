// The consultation service: keeps the consultations, tells desk units of new ones, learns presence and answers over MQTT.
import { connect } from 'mqtt'
import { openDatabase } from '../lib/database.mjs'
import { die, log, onStop, setting } from '../lib/service.mjs'
import { closeServer, escaped, page, Refusal, serve } from '../lib/web.mjs'

const port = Number(setting('HTTP_PORT'))
const database = open()
const broker = connect(setting('BROKER_URL'), { clientId: 'consultease-api', reconnectPeriod: 1000, resubscribe: true })
let lastTrouble
let dying = false

const server = await serve(port, answer, onFailure).catch((error) =>
  die(`Port ${port} cannot be used: ${error.message}.`),
)

const timers = [
  setInterval(checkDatabase, 500),
  setInterval(sendPending, 15_000),
  setInterval(() => guarded(() => database.forgetOld()), 3_600_000),
]
onStop(async () => {
  for (const timer of timers) clearInterval(timer)
  await closeServer(server)
  await broker.endAsync(!broker.connected)
  database.close()
})
log(
  `Serving on http://127.0.0.1:${port}/ with ${database.count()} consultations${database.isNew ? ', newly filled' : ''}.`,
)

// ---- MQTT

broker.on('connect', () => {
  if (lastTrouble) log('Connected to the broker again.')
  lastTrouble = undefined
  // Presence as the console's route `desk-presence` maps it; answers as the units send them.
  broker.subscribe(['consultease/board/presence', 'consultease/faculty/+/acks'], { qos: 1 }, (error) => {
    if (error) log(`The broker refused the subscription: ${error.message}`)
  })
  sendPending()
})
broker.on('error', (error) => noteTrouble(error.message))
broker.on('offline', () => noteTrouble('the connection is lost'))
broker.on('message', (topic, payload) => {
  const message = parsed(payload)
  if (!message) log(`Ignored a message on ${topic} that is not JSON.`)
  else if (topic === 'consultease/board/presence') guarded(() => notePresence(message))
  else guarded(() => noteAnswer(message))
})

function notePresence({ faculty, present, battery }) {
  if (typeof faculty !== 'string' || typeof present !== 'boolean') return
  database.seen(faculty, present, typeof battery === 'number' ? battery : null)
}

/** Units send answers twice at times; the second finds the consultation where it already is and changes nothing. */
function noteAnswer({ request, answer: status }) {
  if (!Number.isInteger(request) || !['accepted', 'declined', 'done'].includes(status)) return
  if (database.move(request, status)) log(`Consultation ${request} is ${status}.`)
}

function sendRequest({ id, student, faculty, topic, created_at }) {
  if (!broker.connected) return // sent when it is back, with everything else that is pending
  broker.publish(`consultease/requests/${faculty}`, JSON.stringify({ id, student, topic, at: created_at }), { qos: 1 })
}

/** Sends again what nobody answered for a while: a unit was away, or this service was. */
function sendPending() {
  guarded(() => {
    for (const one of database.pending(new Date(Date.now() - 15_000).toISOString())) sendRequest(one)
  })
}

function noteTrouble(what) {
  if (lastTrouble === undefined) log(`The broker is away: ${what}.`)
  lastTrouble = what
}

// ---- HTTP

function answer(method, path, query, body) {
  const [, area, kind, id] = path.split('/')
  if (path === '/health' && method === 'GET') return health()
  if (dying || checkDatabase()) throw new Refusal(503, 'The database is damaged; this service ends.')
  if (path === '/' && method === 'GET') return { html: overview() }
  if (area === 'api' && kind === 'faculty' && !id && method === 'GET') return { json: database.faculty() }
  if (area === 'api' && kind === 'students' && !id && method === 'GET') return { json: database.students() }
  if (area === 'api' && kind === 'consultations') {
    if (method === 'GET' && !id) return { json: database.consultations(limitOf(query.get('limit'))) }
    if (method === 'POST' && !id) return create(body)
    if (method === 'PATCH' && id) return change(id, body)
  }
  throw new Refusal(404, `There is nothing at ${method} ${path}.`)
}

function health() {
  const reason =
    database.fault() ?? (broker.connected ? undefined : `The broker is away: ${lastTrouble ?? 'not connected yet'}.`)
  if (reason) return { status: 503, json: { status: 'unwell', reason } }
  return { json: { status: 'ok', consultations: database.count(), broker: 'connected' } }
}

function create(body) {
  const { student, faculty, topic } = body ?? {}
  if (!database.students().some((one) => one.id === student)) throw new Refusal(400, 'There is no such student.')
  if (!database.faculty().some((one) => one.id === faculty)) throw new Refusal(400, 'There is no such faculty member.')
  if (typeof topic !== 'string' || topic.trim().length < 3 || topic.length > 200) {
    throw new Refusal(400, 'A topic has 3 to 200 characters.')
  }
  const made = database.add(student, faculty, topic.trim())
  log(`Consultation ${made.id}: ${student} asks ${faculty} about “${made.topic}”.`)
  sendRequest(made)
  return { status: 201, json: made }
}

function change(id, body) {
  const status = body?.status
  if (!['accepted', 'declined', 'done', 'cancelled'].includes(status))
    throw new Refusal(400, 'There is no such status.')
  const moved = /^\d{1,15}$/.test(id) ? database.move(Number(id), status) : undefined
  if (moved === undefined) throw new Refusal(404, `There is no consultation ${id}.`)
  if (moved === false) throw new Refusal(409, `Consultation ${id} cannot become ${status} any more.`)
  log(`Consultation ${id} is ${status}.`)
  return { json: moved }
}

function limitOf(text) {
  const limit = Number(text ?? 50)
  if (!Number.isInteger(limit) || limit < 1 || limit > 500)
    throw new Refusal(400, 'A limit is a whole number from 1 to 500.')
  return limit
}

function overview() {
  const people = database
    .faculty()
    .map(({ name, room, present }) => [name, room, present === null ? 'not heard of yet' : present ? 'in' : 'out'])
  const asked = database
    .consultations(20)
    .map((one) => [one.id, one.student_name, one.faculty_name, one.topic, one.status])
  return page(
    'ConsultEase',
    `<h2>Faculty</h2>${table(people)}<h2>Latest of ${database.count()} consultations</h2>${table(asked)}`,
  )
}

function table(rows) {
  const lines = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`)
  return `<table>${lines.join('')}</table>`
}

// ---- The database

function open() {
  try {
    return openDatabase(setting('DATA'))
  } catch (error) {
    return die(error.message)
  }
}

/**
 * A database that was deleted or replaced cannot be mended from here: for two seconds /health says why, then the process
 * ends, and whoever supervises it takes over.
 */
function checkDatabase() {
  const fault = database.fault()
  if (fault && !dying) {
    dying = true
    log(`${fault} This service ends.`)
    setTimeout(() => die(fault), 2000)
  }
  return fault
}

/** Runs what touches the database on behalf of no request. */
function guarded(action) {
  if (dying || checkDatabase()) return
  try {
    action()
  } catch (error) {
    onFailure(error)
  }
}

/** Damage of the database ends the service; anything else is told and survived. */
function onFailure(error) {
  if (/^SQLITE_(CORRUPT|NOTADB|IOERR)/.test(error.code ?? ''))
    die(`The database is damaged (${error.code}): ${error.message}.`)
  log(`Failed: ${error.message}`)
}

function parsed(payload) {
  try {
    const value = JSON.parse(payload.toString('utf8'))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
