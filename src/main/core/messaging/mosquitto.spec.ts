import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { messagingRig, mosquitto, route, routerConnected } from '../../../../test/support/messaging-rig.ts'
import { findProgram, needs } from '../../../../test/support/needs.ts'
import { until } from '../../../../test/support/until.ts'

describe('Beside mosquitto', () => {
  needs('mosquitto', 'mosquitto_pub', 'mosquitto_sub')

  it('speaks with the mosquitto clients', async () => {
    await using rig = await messagingRig()
    await rig.startBroker()
    const got = mosquitto('mosquitto_sub', ['-p', String(rig.port), '-t', 'a/#', '-C', '1', '-W', '10', '-q', '1'])
    let received: string | undefined
    void got.then((text) => {
      received = text
    })
    // Nothing tells from outside when it has subscribed.
    await until('a message to be received', async () => {
      await mosquitto('mosquitto_pub', ['-p', String(rig.port), '-t', 'a/b', '-m', 'hello', '-q', '1'])
      return received
    })
    expect(await got).toBe('hello\n')
  })

  it('keeps the retained message of a topic for who comes later', async () => {
    await using rig = await messagingRig()
    await rig.startBroker()
    await mosquitto('mosquitto_pub', ['-p', String(rig.port), '-t', 'a/b', '-m', 'kept', '-q', '1', '-r'])
    const got = await mosquitto('mosquitto_sub', [
      '-p',
      String(rig.port),
      '-t',
      'a/+',
      '-C',
      '1',
      '-W',
      '5',
      '-F',
      '%r %p',
    ])
    expect(got).toBe('1 kept\n')
  })

  it('works with a broker that it does not run, and finds it again after it was killed', async () => {
    using folder = temporaryFolder()
    await using rig = await messagingRig()
    const start = () => {
      writeFileSync(`${folder.path}/mosquitto.conf`, `listener ${rig.port} 127.0.0.1\nallow_anonymous true\n`)
      return spawn(findProgram('mosquitto') ?? '', ['-c', `${folder.path}/mosquitto.conf`], { stdio: 'ignore' })
    }
    const first = start()
    await rig.load([
      route('r', { from: 'in', map: '{"got": payload}', to: [{ kind: 'mqtt', topic: 'out', qos: 1, retain: true }] }),
      route('next', { from: 'out', to: [{ kind: 'channel', channel: 'c' }] }),
    ])
    await routerConnected(rig)
    await rig.messaging.publish({ topic: 'in', payload: '1', qos: 1, retain: false })
    await until(
      'the chain of routes to end',
      async () => (await rig.messaging.channel('c'))[0]?.payload === '{"got":1}',
    )
    first.kill('SIGKILL')
    await until('the loss to be noticed', () => rig.state.slice('traffic').get('traffic')?.router === 'connecting')
    const second = start()
    try {
      await routerConnected(rig)
      await rig.messaging.publish({ topic: 'in', payload: '2', qos: 1, retain: false })
      await until('the second message', async () => (await rig.messaging.channel('c')).at(-1)?.payload === '{"got":2}')
    } finally {
      second.kill('SIGKILL')
    }
  })
})
