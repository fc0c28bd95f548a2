import { expect, onTestFinished, test } from 'vitest'
import { order, scripts, serviceRig } from '../../../../../test/support/service-rig.ts'
import { serviceOf } from '../../../../../test/support/site-definition.ts'
import { stoppedMeanwhile } from './services.ts'

async function running() {
  const idle = { kind: 'node', run: ['idle.mjs'] } as const
  const rig = await serviceRig({
    services: [serviceOf('api', idle), serviceOf('kiosk', idle)],
    files: { 'idle.mjs': scripts.idle },
  })
  onTestFinished(() => rig[Symbol.asyncDispose]())
  await rig.coordinator.start('all', order)
  return rig
}

const remembered: unknown[] = []
const job = {
  cause: order.cause,
  operation: 'jb-recovery',
  signal: new AbortController().signal,
  remember: async (input: unknown) => void remembered.push(input),
  log: () => {},
} as never

test('what recovery stopped it starts again, but not what a person has stopped meanwhile', async () => {
  const { coordinator, view } = await running()
  await stoppedMeanwhile(
    coordinator,
    ['api', 'kiosk'],
    [],
    () => {},
    job,
    async () => {
      await coordinator.stop(['kiosk'], { ...order, operation: 'jb-person' })
    },
  )
  expect([view('api').state, view('kiosk').state]).toEqual(['running', 'stopped'])
  expect(remembered, 'for a console that comes after a crash').toEqual([{ services: ['api', 'kiosk'] }])
})

test('nor when what it did meanwhile failed', async () => {
  const { coordinator, view } = await running()
  const failing = stoppedMeanwhile(
    coordinator,
    ['api', 'kiosk'],
    [],
    () => {},
    job,
    async () => {
      await coordinator.stop(['kiosk'], { ...order, operation: 'jb-person' })
      throw new Error('the files could not be moved')
    },
  )
  await expect(failing).rejects.toThrow('could not be moved')
  expect([view('api').state, view('kiosk').state]).toEqual(['running', 'stopped'])
})
