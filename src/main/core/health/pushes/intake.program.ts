/** The thread that takes what services push of themselves, so that a flood of it never reaches the console's own thread. */
import { parentPort, workerData } from 'node:worker_threads'
import { HttpIntake } from './http-intake.ts'
import type { FromIntake, IntakeSettings, PushingService, ToIntake } from './intake-protocol.ts'
import { MqttIntake } from './mqtt-intake.ts'
import { PushBatch } from './push-batch.ts'
import { pushLimits, readPush } from './push-document.ts'

/** How often what came is handed on. Milliseconds. */
const handOnMs = 250

if (!parentPort) throw new Error('The intake of pushes runs as a worker thread.')
const owner = parentPort
const { port, secret }: IntakeSettings = workerData
const batch = new PushBatch()
let services: ReadonlyMap<string, PushingService> = new Map()
const starts = new Map<string, number>()

const http = new HttpIntake({ secret, mayPush: (service) => services.get(service)?.http ?? false, take })
const mqtt = new MqttIntake(
  (service, text) => {
    if (services.get(service)?.mqtt) take(service, text)
    else batch.refuse(service, 'It may not push over MQTT: add “push: mqtt” to it in site.yaml.')
  },
  (service) => batch.refuse(service, `It is larger than ${pushLimits.bytes} bytes.`),
)

function take(service: string, text: string): string | null {
  const reading = readPush(text)
  if (reading.ok) batch.add(service, reading.push)
  else batch.refuse(service, reading.why)
  return reading.ok ? null : reading.why
}

const handingOn = setInterval(() => {
  if (!batch.isEmpty) tell(batch.take((service) => starts.get(service) ?? 0))
}, handOnMs)

owner.on('message', (message: ToIntake) => {
  if (message.type === 'configure') {
    services = new Map(message.services.map((service) => [service.id, service]))
    for (const [service, count] of Object.entries(message.starts)) starts.set(service, count)
    mqtt.use(message.services.some(({ mqtt: pushes }) => pushes) ? message.broker : null, message.login)
    return
  }
  if (message.type === 'started') {
    starts.set(message.service, message.starts)
    batch.forget(message.service)
    return
  }
  clearInterval(handingOn)
  http.close()
  mqtt.use(null, null)
  owner.close()
})

listenSomewhere().then(
  (taken) => tell({ type: 'listening', port: taken }),
  (error: Error) => tell({ type: 'failed', reason: error.message }),
)

/** On the port that services know, or on another where that one is taken. */
function listenSomewhere(): Promise<number> {
  return http.listen(port).catch((error: NodeJS.ErrnoException) => {
    if (port === 0 || error.code !== 'EADDRINUSE') throw error
    return http.listen(0)
  })
}

function tell(message: FromIntake): void {
  owner.postMessage(message)
}
