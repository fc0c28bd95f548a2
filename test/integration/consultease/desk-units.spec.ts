import { expect, it } from 'vitest'
import { until } from '../../support/until.ts'
import { freePort, SampleService } from './sample-service.ts'
import { TestBroker } from './test-broker.ts'

const statusOf = /^consultease\/faculty\/[a-z]+\/status$/

/** Fast units: what takes minutes at the pace of life happens in seconds. */
function deskUnits(broker: TestBroker, pace: number): SampleService {
  return new SampleService('desk-units', { BROKER_URL: broker.url, SEED: '7', PACE: String(pace) })
}

it('twelve desk units report presence, retained, with battery and a number that rises', async () => {
  await using broker = await TestBroker.start(await freePort())
  await using units = deskUnits(broker, 5)
  await until('twelve units, several reports', () => {
    const topics = new Set(broker.seen.filter(({ topic }) => statusOf.test(topic)).map(({ topic }) => topic))
    return topics.size === 12 && broker.seen.length > 60
  })
  expect(broker.json(statusOf)[0]).toMatchObject({
    present: expect.any(Boolean),
    battery: expect.any(Number),
    seq: expect.any(Number),
    at: expect.stringMatching(/^\d{4}-.*Z$/),
  })
  expect(broker.seen.some(({ topic, retain }) => statusOf.test(topic) && retain)).toBe(true)
  const seqs = broker.json(/^consultease\/faculty\/reyes\/status$/).map(({ seq }) => Number(seq))
  expect(seqs).toEqual(seqs.toSorted((one, other) => one - other))
  expect(units.running).toBe(true)
})

it('the units have the bad habits of real ones: malformed payloads, duplicates, connections lost without goodbye', async () => {
  await using broker = await TestBroker.start(await freePort())
  await using units = deskUnits(broker, 60)
  await until('each bad habit once', () => {
    const texts = broker.seen.filter(({ topic }) => statusOf.test(topic)).map(({ text }) => text)
    const malformed = broker.seen.some(({ topic, text }) => statusOf.test(topic) && !text.endsWith('}'))
    const lost = broker.json(statusOf).some((message) => message.lost === true)
    return malformed && lost && new Set(texts).size < texts.length
  })
  expect(units.output).toMatch(/sends a malformed message/)
  expect(units.output).toMatch(/loses its connection/)
})

it('a unit answers a request after a while, and gives the same answer when it is asked again', async () => {
  await using broker = await TestBroker.start(await freePort())
  await using units = deskUnits(broker, 10)
  await until('a report', () => broker.json(/\/reyes\/status$/).length > 0)
  const answers = () =>
    broker
      .json(/^consultease\/faculty\/reyes\/acks$/)
      .filter(({ request, answer }) => request === 41 && answer !== 'done')
  await broker.publish('consultease/requests/reyes', { id: 41, student: 's001', topic: 'x' })
  await until('an answer', () => answers().length > 0)
  const before = answers().length
  await broker.publish('consultease/requests/reyes', { id: 41, student: 's001', topic: 'x' })
  await until('another answer', () => answers().length > before)
  expect(new Set(answers().map(({ answer }) => answer)).size).toBe(1)
  await broker.publish('consultease/requests/reyes', 'rubbish')
  await until('the rubbish', () => units.output.includes('cannot read'))
})

it('the units survive a lost broker and come back by themselves', async () => {
  await using broker = await TestBroker.start(await freePort())
  await using units = deskUnits(broker, 5)
  await until('reports', () => broker.json(statusOf).length > 12)
  await broker.cut()
  await until('the loss', () => units.output.includes('All desk units lost the broker'))
  await broker.resume()
  await until('all of them again', () => units.output.includes('All desk units are connected again'))
  expect(units.running).toBe(true)
})

it('the units end in order when they are asked to, with and without a broker', async () => {
  await using broker = await TestBroker.start(await freePort())
  await using units = deskUnits(broker, 5)
  await until('reports', () => broker.json(statusOf).length > 5)
  units.kill('SIGTERM')
  expect(await units.exit()).toBe(0)
  await broker.cut()
  await using lonely = deskUnits(broker, 5)
  await until('its start', () => lonely.output.includes('started'))
  lonely.kill('SIGTERM')
  expect(await lonely.exit()).toBe(0)
})
