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

/** Whether a target keeps the topic of each message. */
export function keepsTopic(written: string): boolean {
  return written === '#' || written.endsWith('/#')
}
