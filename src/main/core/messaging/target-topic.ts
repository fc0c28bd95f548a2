/** The topic that a target publishes a message to: its own, or with a `#` at its end the one that the message came on, below what stands before. */
export function targetTopic(written: string, cameOn: string): string {
  return keepsTopic(written) ? written.slice(0, -1) + cameOn : written
}

/** Whether a target keeps the topic of each message. */
export function keepsTopic(written: string): boolean {
  return written === '#' || written.endsWith('/#')
}
