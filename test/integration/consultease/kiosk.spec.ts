import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../support/folders.ts'
import { until } from '../../support/until.ts'
import { freePort, get, SampleService } from './sample-service.ts'
import { TestBroker } from './test-broker.ts'

it('students at the kiosk ask through the api, and the requests arrive at the desk units', async () => {
  using folder = temporaryFolder()
  await using broker = await TestBroker.start(await freePort())
  const [apiPort, port] = [await freePort(), await freePort()]
  await using api = new SampleService('api', {
    HTTP_PORT: String(apiPort),
    BROKER_URL: broker.url,
    DATA: folder.path,
  })
  await until('the api', async () => (await get(`http://127.0.0.1:${apiPort}/health`))?.status === 200)
  await using kiosk = new SampleService('kiosk', {
    HTTP_PORT: String(port),
    API_URL: `http://127.0.0.1:${apiPort}`,
    PACE: '20',
  })
  await until('three requests', () => broker.json(/^consultease\/requests\/[a-z]+$/).length >= 3)
  expect(await get(`http://127.0.0.1:${port}/health`)).toMatchObject({ status: 200, json: { status: 'ok' } })
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('requests since the start')

  api.kill('SIGKILL')
  await until('the failure', () => kiosk.output.includes('The consultation service is away'))
  expect(kiosk.running).toBe(true)
})

it('the kiosk waits longer each time while the api is away, says so, and goes on when it is back', async () => {
  const [apiPort, port] = [await freePort(), await freePort()]
  await using kiosk = new SampleService('kiosk', {
    HTTP_PORT: String(port),
    API_URL: `http://127.0.0.1:${apiPort}`,
    PACE: '20',
  })
  const unwell = await until('unwell', async () => {
    const answer = await get(`http://127.0.0.1:${port}/health`)
    return answer?.status === 503 && answer
  })
  expect(unwell.json).toMatchObject({ reason: expect.stringContaining('The consultation service is away') })
  expect(kiosk.output.match(/is away/g)).toHaveLength(1) // one line, not one each try

  const asked: string[] = []
  const api = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.end(request.method === 'GET' ? '[{"id":"x"}]' : '{"id":1,"faculty":"x","topic":"t"}')
  })
  api.listen(apiPort, '127.0.0.1')
  await once(api, 'listening')
  try {
    await until('the return', () => kiosk.output.includes('is back'))
    expect(asked).toContain('POST /api/consultations')
    expect((await get(`http://127.0.0.1:${port}/health`))?.status).toBe(200)
  } finally {
    api.close()
    api.closeAllConnections()
  }
})

it('the kiosk ends in order when it is asked to', async () => {
  const port = await freePort()
  await using kiosk = new SampleService('kiosk', { HTTP_PORT: String(port), API_URL: 'http://127.0.0.1:9' })
  await until('its start', () => kiosk.output.includes('Kiosk on'))
  kiosk.kill('SIGTERM')
  expect(await kiosk.exit()).toBe(0)
})
