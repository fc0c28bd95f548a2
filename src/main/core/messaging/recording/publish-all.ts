import type { Problem } from '#shared/problem.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { MqttDelivery } from '../outbox/mqtt-delivery.ts'
import type { ReplayedMessage } from '../protocol.ts'

/** Publishes messages in their order and waits until the broker has them all. `sent` is how many it has for sure. */
export async function publishAll(
  delivery: Pick<MqttDelivery, 'publish'> | undefined,
  messages: readonly ReplayedMessage[],
): Promise<{ readonly sent: number; readonly problem: Problem | null }> {
  if (!delivery) {
    const error = new ConsoleError(
      'broker-away',
      'The router is not connected to the broker, so nothing more can be replayed.',
      'Start the broker, then replay again.',
      { retryable: true },
    )
    return { sent: 0, problem: error.problem }
  }
  const results = await Promise.all(
    messages.map(
      ({ topic, payload, qos, retain }) =>
        new Promise<string | null>((resolve) => {
          const bytes = typeof payload === 'string' ? payload : Buffer.from(payload)
          delivery.publish(topic, bytes, { qos, retain }, resolve)
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
