/** Longest topic that a packet can say, in bytes of UTF-8 (MQTT 3.1.1, section 1.5.3). */
export const longestTopic = 65_535

/** The topic that a target publishes a message to: its own, or with a `#` at its end the one that the message came on, below what stands before. */
export function targetTopic(written: string, cameOn: string): string {
  return keepsTopic(written) ? written.slice(0, -1) + cameOn : written
}

/** Why a topic cannot be published to, a part of a sentence; null when it can. */
export function tooLong(topicBytes: number): string | null {
  return topicBytes > longestTopic
    ? `its topic would have ${topicBytes} bytes, more than the ${longestTopic} of MQTT`
    : null
}

/** What a broker is known to take, beside what it says itself. */
export interface BrokerBounds {
  /** Bytes of the largest packet. */
  readonly largest: number
  /** Levels of a topic. */
  readonly mostLevels: number
}

/** Of a broker of which nothing is known. */
export const noBounds: BrokerBounds = { largest: Number.POSITIVE_INFINITY, mostLevels: Number.POSITIVE_INFINITY }

/** Levels that a topic may have at the embedded broker, which ends the connection of who sends more. */
export const mostTopicLevels = 100

/** Why a broker that takes so many levels takes no message on a topic, a part of a sentence; null when it does. */
export function tooDeep(topic: string, mostLevels: number): string | null {
  if (topic.length < mostLevels) return null
  let levels = 1
  for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) levels++
  return levels > mostLevels ? `its topic would have ${levels} levels, and the broker takes ${mostLevels}` : null
}

/** Whether a target keeps the topic of each message. */
export function keepsTopic(written: string): boolean {
  return written === '#' || written.endsWith('/#')
}
