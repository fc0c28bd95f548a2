import type { Problem } from '#shared/problem.ts'
import { ConsoleError } from '#shared/problem.ts'
import { replayProperties } from '../message-properties.ts'
import type { MqttDelivery } from '../outbox/mqtt-delivery.ts'
import type { ReplayedMessage } from '../protocol.ts'

/** The way to a broker; without a publisher there is no connection. */
export interface PublishWay {
  readonly publisher: Pick<MqttDelivery, 'publish'> | undefined
}

/** Publishes messages in their order, each to its broker, and waits until those have them all. `sent` is how many they have for sure. */
export async function publishAll(
  wayTo: (broker: string | null) => PublishWay,
  messages: readonly ReplayedMessage[],
  now: () => number = Date.now,
): Promise<{ readonly sent: number; readonly problem: Problem | null }> {
  // Looked at before the first goes out: what has not begun need not be told as half done.
  const away = messages.find(({ broker }) => !wayTo(broker).publisher)
  if (away) {
    const which = away.broker === null ? 'the broker' : `the broker ${away.broker}`
    const error = new ConsoleError(
      'broker-away',
      `The router is not connected to ${which}, so nothing more can be replayed.`,
      'Start the broker, then replay again.',
      { retryable: true },
    )
    return { sent: 0, problem: error.problem }
  }
  const results = await Promise.all(
    messages.map(
      ({ broker, topic, payload, qos, retain, properties }) =>
        new Promise<string | null>((resolve) => {
          const bytes = typeof payload === 'string' ? payload : Buffer.from(payload)
          const brought = properties === null ? {} : { properties: replayProperties(properties, now()) }
          const way = wayTo(broker).publisher
          if (way) way.publish(topic, bytes, { qos, retain, ...brought }, resolve)
          else resolve('the connection to the broker was lost')
        }),
    ),
  )
  const failures = results.filter((result) => result !== null)
  const [failure] = failures
  if (failure === undefined) return { sent: messages.length, problem: null }
  const error = new ConsoleError(
    'publish-unanswered',
    `The broker did not confirm a message that was replayed: ${failure}. It may or may not have arrived.`,
    'Look whether the broker runs, then replay what is left.',
    { retryable: true },
  )
  return { sent: messages.length - failures.length, problem: error.problem }
}
