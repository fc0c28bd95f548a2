import { expect, it } from 'vitest'
import { bytesOfProperties, type MessageProperties, propertiesOf, publishProperties } from './message-properties.ts'
import { encodedProperties } from './publish-packet.ts'

function brought(properties: object): MessageProperties {
  const packet = { cmd: 'publish', topic: 't', payload: '', qos: 0, retain: false, dup: false, properties } as const
  const found = propertiesOf(packet, 1_000, 8)
  if (found === null) throw new Error('It brings properties.')
  return found
}

it('Texts that became longer than a packet can say, as they were no UTF-8, and properties that came twice are left out', () => {
  const grown = '\uFFFD'.repeat(30_000)
  const found = brought({
    contentType: ['text/plain', 'text/html'],
    responseTopic: grown,
    correlationData: [Buffer.from('a'), Buffer.from('b')],
    messageExpiryInterval: [1, 2],
    userProperties: { long: grown, [grown]: 'x', 'message-id': grown, unit: ['7', grown] },
  })
  expect(found).toMatchObject({ contentType: null, responseTopic: null, correlation: null, expiresAt: null, id: null })
  expect(found.user).toEqual([['unit', '7']])
  expect(() => encodedProperties(publishProperties(found, { id: null, expiresAt: null }, 0))).not.toThrow()
})

it('Hundreds of thousands of user properties of one name are passed on in one go, and count by what they take in memory', () => {
  const found = brought({ userProperties: { n: Array.from({ length: 500_000 }, () => '') } })
  // All copied anew for each one would take minutes.
  const { userProperties } = publishProperties(found, { id: null, expiresAt: null }, 0)
  expect(userProperties?.n).toHaveLength(500_000)
  expect(bytesOfProperties(found)).toBeGreaterThan(15_000_000)
})
