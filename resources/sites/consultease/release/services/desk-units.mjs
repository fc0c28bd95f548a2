// Twelve simulated desk units, one MQTT client each, with the habits of real ones. From SEED follows what they do; PACE makes
// them faster. At pace 1, all twelve together:
//   presence          6 messages a second (each unit one every 1 to 3 s), retained
//   malformed         one about every 20 s: JSON cut off in the middle, not retained
//   duplicates        one about every 10 s: the same message, same seq, twice
//   lost connections  one about every 45 s: cut without goodbye, so that the last will speaks; back after 1 to 5 s
//   answers           1 to 5 s after a request (accepted or declined), `done` 5 to 15 s after an acceptance, one in ten twice
import { connect } from 'mqtt'
import { faculty } from '../lib/people.mjs'
import { log, onStop, seededRandom, setting } from '../lib/service.mjs'

const brokerUrl = setting('BROKER_URL')
const seed = Number(process.env.SEED ?? 1)
const pace = Number(process.env.PACE ?? 1)
const malformedShare = 1 / 120
const duplicateShare = 1 / 60
const lostShare = 1 / 270

const units = faculty.map(({ id }, index) => deskUnit(id, seededRandom(seed * 1000 + index)))
let away = 0
onStop(() => Promise.all(units.map((unit) => unit.stop())))
log(`${units.length} desk units started.`)

function deskUnit(id, random) {
  const topic = `consultease/faculty/${id}`
  const answered = new Map()
  const timers = new Set()
  let present = random() < 0.7
  let battery = 40 + Math.floor(random() * 60)
  let seq = 0
  const client = connect(brokerUrl, {
    clientId: `desk-unit-${id}`,
    reconnectPeriod: 1000 + Math.floor(random() * 4000),
    will: { topic: `${topic}/status`, payload: status({ present: false, lost: true }), qos: 1, retain: true },
  })
  client.on('connect', () => client.subscribe(`consultease/requests/${id}`, { qos: 1 }, () => {}))
  client.on('message', (_, payload) => receive(payload))
  client.on('error', () => {}) // told by `close`
  client.on('connect', () => noteConnection(false))
  client.on('close', () => noteConnection(true))
  later(random() * 2000, report)

  let isAway = false
  function noteConnection(lost) {
    if (lost === isAway) return
    isAway = lost
    away += lost ? 1 : -1
    if (lost && away === units.length) log('All desk units lost the broker.')
    if (!lost && away === 0) log('All desk units are connected again.')
  }

  function report() {
    later(1000 + random() * 2000, report)
    if (!client.connected) return
    if (random() < 0.02) present = !present
    battery = battery > 3 ? battery - (random() < 0.05 ? 1 : 0) : 100 // somebody charges it
    seq++
    const message = status({ present })
    if (random() < malformedShare) {
      log(`Unit ${id} sends a malformed message.`)
      send('status', message.slice(0, message.length / 2), { qos: 0, retain: false })
    } else {
      send('status', message, { qos: 0, retain: true })
      if (random() < duplicateShare) send('status', message, { qos: 0, retain: true })
    }
    if (random() < lostShare) {
      log(`Unit ${id} loses its connection.`)
      client.stream.destroy()
    }
  }

  function receive(payload) {
    const request = requestIn(payload)
    if (request === undefined) return log(`Unit ${id} ignored a request that it cannot read.`)
    // A request that comes again gets the answer that was given before.
    const known = answered.get(request)
    if (known) return answer(request, known)
    const decision = present && random() < 0.8 ? 'accepted' : 'declined'
    answered.set(request, decision)
    if (answered.size > 100) answered.delete(answered.keys().next().value)
    later(1000 + random() * 4000, () => {
      answer(request, decision)
      if (random() < 0.1) answer(request, decision)
    })
    if (decision === 'accepted') later(10_000 + random() * 10_000, () => answer(request, 'done'))
  }

  function answer(request, decision) {
    send('acks', JSON.stringify({ request, answer: decision, at: new Date().toISOString() }), { qos: 1 })
  }

  function send(kind, message, options) {
    if (client.connected || options.qos === 1) client.publish(`${topic}/${kind}`, message, options, () => {})
  }

  function status(more) {
    return JSON.stringify({ ...more, battery, seq, at: new Date().toISOString() })
  }

  function later(ms, action) {
    const timer = setTimeout(() => {
      timers.delete(timer)
      action()
    }, ms / pace)
    timers.add(timer)
  }

  return {
    stop() {
      for (const timer of timers) clearTimeout(timer)
      return client.endAsync(!client.connected)
    },
  }
}

function requestIn(payload) {
  try {
    const { id } = JSON.parse(payload.toString('utf8'))
    return Number.isInteger(id) ? id : undefined
  } catch {
    return undefined
  }
}
