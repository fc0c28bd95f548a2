import { randomUUID } from 'node:crypto'
import { connect, type MqttClient } from 'mqtt'
import { type Clock, inTime, tookTime } from '#core/platform/index.ts'
import { networkFailure } from './check-words.ts'
import type { Check, ProbeAnswer } from './types.ts'

/**
 * Sends a message to a broker and waits until it comes back, over a connection of its own: what an MQTT client of the site
 * would find. `login` is who it connects as.
 */
export function mqttCheck(
  { url, topic }: Extract<Check, { type: 'mqtt' }>,
  timeoutMs: number,
  signal: AbortSignal,
  clock: Clock,
  login: Readonly<Partial<Record<'MQTT_USERNAME' | 'MQTT_PASSWORD', string>>>,
): Promise<ProbeAnswer> {
  const began = clock.monotonic()
  const body = randomUUID()
  const where = url.replace(/^\w+:\/\/(?:[^@/]*@)?/, '')
  return new Promise((resolve) => {
    let client: MqttClient | undefined
    let reached = 'no answer'
    const finish = (ok: boolean, sentence: string) => {
      timer[Symbol.dispose]()
      signal.removeEventListener('abort', onAbort)
      client?.removeAllListeners('message')
      client?.end(!ok)
      resolve({ ok, sentence, ms: Math.round(clock.monotonic() - began) })
    }
    const onAbort = () => finish(false, 'called off')
    const timer = clock.after(timeoutMs, () => finish(false, `${reached} from ${where} within ${inTime(timeoutMs)}`))
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      client = connect(url, {
        clientId: `wheelhouse-probe-${body.slice(0, 8)}`,
        clean: true,
        protocolVersion: 4,
        reconnectPeriod: 0,
        connectTimeout: timeoutMs,
        timerVariant: 'native',
        ...(login.MQTT_USERNAME !== undefined && { username: login.MQTT_USERNAME }),
        ...(login.MQTT_PASSWORD !== undefined && { password: login.MQTT_PASSWORD }),
      })
    } catch (error) {
      finish(false, `${url} is not the address of a broker: ${error instanceof Error ? error.message : error}`)
      return
    }
    const asked = client
    asked.on('error', (error) => finish(false, refusal(error, where)))
    asked.once('close', () => finish(false, `connection closed by ${where}`))
    asked.on('message', (_topic, payload) => {
      if (payload.toString() !== body) return
      finish(true, `${where} carried a message and back in ${tookTime(clock.monotonic() - began)}`)
    })
    asked.once('connect', () => {
      reached = 'the message did not come back'
      asked.subscribe(topic, { qos: 0 }, (error, granted) => {
        if (error || granted?.some(({ qos }) => qos > 2)) finish(false, `${where} refuses to listen to ${topic}`)
        else asked.publish(topic, body, { qos: 0 })
      })
    })
  })
}

function refusal(error: Error & { readonly code?: unknown }, where: string): string {
  // Return codes of CONNACK (MQTT 3.1.1, 3.2.2.3).
  if (error.code === 4 || error.code === 5) return `${where} refuses the user or the password`
  return networkFailure(error, where)
}
