import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { temporaryFolder } from '../../support/folders.ts'
import { until } from '../../support/until.ts'
import { freePort, get, SampleService, send } from './sample-service.ts'
import { TestBroker } from './test-broker.ts'

const consultations = z.array(z.object({ id: z.number(), status: z.string(), topic: z.string() }))
const people = z.array(z.object({ id: z.string(), present: z.number().nullable() }))

/** A broker, a data folder and a started api. */
class Setting implements AsyncDisposable {
  readonly broker: TestBroker
  readonly folder = temporaryFolder()
  readonly url: string
  readonly #port: number
  readonly #started: SampleService[] = []

  static async open(): Promise<Setting> {
    const setting = new Setting(await TestBroker.start(await freePort()), await freePort())
    await setting.start()
    return setting
  }

  private constructor(broker: TestBroker, port: number) {
    this.broker = broker
    this.#port = port
    this.url = `http://127.0.0.1:${port}`
  }

  get database(): string {
    return join(this.folder.path, 'consultease.db')
  }

  get api(): SampleService {
    const api = this.#started.at(-1)
    if (!api) throw new Error('Not started.')
    return api
  }

  launch(): SampleService {
    const env = { HTTP_PORT: String(this.#port), BROKER_URL: this.broker.url, DATA: this.folder.path }
    this.#started.push(new SampleService('api', env))
    return this.api
  }

  async start(): Promise<SampleService> {
    this.launch()
    await this.healthIs(200)
    return this.api
  }

  healthIs(status: number): Promise<unknown> {
    return until(`/health with ${status}; ${this.api.output}`, async () => {
      const answer = await get(`${this.url}/health`)
      return answer?.status === status ? answer : undefined
    })
  }

  async list(): Promise<z.infer<typeof consultations>> {
    return consultations.parse((await get(`${this.url}/api/consultations?limit=500`))?.json)
  }

  ask(body: unknown) {
    return send(`${this.url}/api/consultations`, 'POST', body)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const api of this.#started) await api[Symbol.asyncDispose]()
    await this.broker[Symbol.asyncDispose]()
    this.folder[Symbol.dispose]()
  }
}

const wish = { student: 's001', faculty: 'reyes', topic: 'Thesis outline' }

it('the api fills its database at the first start, and keeps what it has over a kill', async () => {
  await using setting = await Setting.open()
  expect(await get(`${setting.url}/api/faculty`)).toMatchObject({ json: { length: 12 } })
  expect(await get(`${setting.url}/api/students`)).toMatchObject({ json: { length: 40 } })
  expect(await setting.list()).toHaveLength(24)
  await setting.ask(wish)
  setting.api.kill('SIGKILL')
  expect(await setting.api.exit()).toBe('SIGKILL')
  await setting.start()
  expect((await setting.list())[0]).toMatchObject({ topic: wish.topic })
  expect(await setting.list()).toHaveLength(25)
})

it('the api tells the desk unit of a request, and follows its answers, also when they come twice', async () => {
  await using setting = await Setting.open()
  const made = await setting.ask(wish)
  expect(made).toMatchObject({ status: 201, json: { status: 'pending' } })
  const [request] = await until('the request on MQTT', () => {
    const found = setting.broker.json(/^consultease\/requests\/reyes$/)
    return found.length > 0 && found
  })
  expect(request).toMatchObject({ student: 's001', topic: 'Thesis outline' })
  const statusIs = (status: string) => until(status, async () => (await setting.list())[0]?.status === status)
  const acks = 'consultease/faculty/reyes/acks'
  await setting.broker.publish(acks, { request: request?.id, answer: 'accepted' })
  await statusIs('accepted')
  await setting.broker.publish(acks, { request: request?.id, answer: 'done' })
  await setting.broker.publish(acks, { request: request?.id, answer: 'accepted' })
  await setting.broker.publish(acks, 'not JSON {')
  await until('the rubbish', () => setting.api.output.includes('not JSON'))
  await statusIs('done')
})

it('the api learns presence from what the console routes', async () => {
  await using setting = await Setting.open()
  await setting.broker.publish('consultease/board/presence', { faculty: 'cruz', present: true, battery: 80 })
  await until('presence', async () =>
    people.parse((await get(`${setting.url}/api/faculty`))?.json).some((one) => one.id === 'cruz' && one.present === 1),
  )
  const html = await (await fetch(`${setting.url}/`)).text()
  expect(html).toContain('Dr. Ana Cruz')
})

it('the api refuses what is wrong, each time with a sentence', async () => {
  await using setting = await Setting.open()
  const refused = async (body: unknown) => (await setting.ask(body))?.status
  expect(await refused({ ...wish, student: 'nobody' })).toBe(400)
  expect(await refused({ ...wish, faculty: "x' OR 1=1" })).toBe(400)
  expect(await refused({ ...wish, topic: 'x' })).toBe(400)
  expect(await refused(null)).toBe(400)
  expect(await refused({ ...wish, topic: 'x'.repeat(20_000) })).toBe(413)
  expect((await fetch(`${setting.url}/api/consultations`, { method: 'POST', body: '{}' })).status).toBe(415)
  expect(await get(`${setting.url}/api/consultations?limit=1e9`)).toMatchObject({
    status: 400,
    json: { error: expect.stringMatching(/limit/) },
  })
  expect((await get(`${setting.url}/nowhere`))?.status).toBe(404)
  const change = (id: number, status: string) => send(`${setting.url}/api/consultations/${id}`, 'PATCH', { status })
  expect((await change(999, 'accepted'))?.status).toBe(404)
  expect((await change(1, 'accepted'))?.status).toBe(409)
  expect((await change(1, 'lost'))?.status).toBe(400)
  expect(await setting.list()).toHaveLength(24)
})

it('the api survives a lost broker: unwell with the reason meanwhile, and well again by itself', async () => {
  await using setting = await Setting.open()
  await setting.broker.cut()
  expect(await setting.healthIs(503)).toMatchObject({ json: { reason: expect.stringContaining('broker is away') } })
  expect((await setting.ask(wish))?.status).toBe(201)
  await setting.broker.resume()
  await setting.healthIs(200)
  expect(setting.api.running).toBe(true)
})

it('the api ends when its database is deleted, and says so first; it does not begin anew without it', async () => {
  await using setting = await Setting.open()
  rmSync(setting.database)
  expect(await setting.healthIs(503)).toMatchObject({ json: { reason: expect.stringContaining('was deleted') } })
  expect((await setting.ask(wish))?.status).toBe(503)
  expect(await setting.api.exit()).toBe(1)
  expect(setting.api.output).toMatch(/consultease\.db was deleted while it was in use/)
  const again = setting.launch()
  expect(await again.exit()).toBe(1)
  expect(again.output).toMatch(/is missing.*restore it from a backup/)
  expect(existsSync(setting.database)).toBe(false)
})

it('the api ends when another file takes the place of its database', async () => {
  await using setting = await Setting.open()
  writeFileSync(`${setting.database}.new`, 'not a database')
  renameSync(`${setting.database}.new`, setting.database)
  expect(await setting.api.exit()).toBe(1)
  expect(setting.api.output).toMatch(/replaced by another file/)
})

it('the api ends in order when it is asked to, with the database closed', async () => {
  await using setting = await Setting.open()
  setting.api.kill('SIGTERM')
  expect(await setting.api.exit()).toBe(0)
  expect(existsSync(`${setting.database}-wal`)).toBe(false)
})

it('the api says which port it cannot have', async () => {
  await using setting = await Setting.open()
  const second = setting.launch()
  expect(await second.exit()).toBe(1)
  expect(second.output).toMatch(/Port \d+ cannot be used/)
})
