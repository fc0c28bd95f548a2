import { embeddedBroker } from './broker-names.ts'
import type { Fault } from './problem-report.ts'
import { isSecret } from './references.ts'
import type { SiteFile } from './site-schema.ts'

/** What the keys of an entry of `brokers` must have to do with each other. */
export function brokerLinkFaults(file: SiteFile): readonly Fault[] {
  const { brokers } = file
  const faults: Fault[] = []
  for (const [id, entry] of Object.entries(brokers)) {
    const path = ['brokers', id]
    const address = URL.canParse(entry.url) ? new URL(entry.url) : null
    if (!address || !/^(mqtts?|wss?):$/.test(address.protocol) || address.hostname === '' || address.password !== '') {
      const message = `The address of the broker ${id} is not one that the router can connect to.`
      const remedy = 'Write it like `mqtts://broker.example:8883`; user and password have keys of their own.'
      faults.push({ code: 'address-bad', path: [...path, 'url'], message, remedy })
      continue
    }
    if (entry.password !== undefined && !isSecret(entry.password)) {
      const message = `The password of the broker ${id} stands in site.yaml, where it does not belong.`
      const remedy = 'Write `password: "${secrets.NAME}"` and put the value into the secrets file.'
      faults.push({ code: 'secret-in-file', path: [...path, 'password'], message, remedy })
    }
    if (entry.password !== undefined && entry.username === undefined) {
      const message = `The broker ${id} has a password and no user.`
      faults.push({ code: 'value-missing', path: [...path, 'username'], message, remedy: 'Add `username`.' })
    }
    if ((entry.cert === undefined) !== (entry.key === undefined)) {
      const [has, misses] = entry.cert === undefined ? ['key', 'cert'] : ['cert', 'key']
      const message = `The broker ${id} has \`${has}\` without \`${misses}\`.`
      faults.push({ code: 'value-missing', path: [...path, misses], message, remedy: `Add \`${misses}\`.` })
    }
    const isTls = address.protocol === 'mqtts:' || address.protocol === 'wss:'
    for (const key of ['ca', 'cert', 'key', 'server-name'] as const) {
      if (isTls || entry[key] === undefined) continue
      const message = `The broker ${id} has \`${key}\`, but ${address.protocol}// is not encrypted.`
      const remedy = `Write \`mqtts://\` or \`wss://\`, or remove \`${key}\`.`
      faults.push({ code: 'key-not-for-kind', path: [...path, key], at: 'key', message, remedy })
    }
    if (address.protocol === 'wss:' && entry['server-name'] !== undefined) {
      const message = `The broker ${id} has \`server-name\`, which is only for \`mqtts://\`.`
      const remedy = 'Write the name of the certificate into `url`, or use `mqtts://`.'
      faults.push({ code: 'key-not-for-kind', path: [...path, 'server-name'], at: 'key', message, remedy })
    }
  }
  const embedded = embeddedBroker(file)
  if (embedded !== null && brokers[embedded] !== undefined) {
    const message = `Two brokers are called ${embedded}: the embedded one, and an entry of \`brokers\`.`
    const remedy = 'Give the entry another name; routes call the embedded broker by the id of its service.'
    faults.push({ code: 'id-taken', path: ['brokers', embedded], at: 'key', message, remedy })
  }
  return faults
}
