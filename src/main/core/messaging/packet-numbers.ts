import { writeToStream } from 'mqtt-packet'

/**
 * Has the MQTT packets of this thread written without the table of all 65,536 two-byte numbers, which mqtt-packet makes with the first
 * packet: it takes 9 MB in each thread, and a number is made as fast as it is looked up.
 */
export function makeNumbersAsNeeded(): void {
  writeToStream.cacheNumbers = false
}
