import { expect, test } from 'vitest'
import { pipeDialer } from './pipe-transport.ts'

function pipe() {
  const listeners: ((envelope: string) => void)[] = []
  const sent: string[] = []
  return {
    sent,
    listeners,
    say: (envelope: string) => {
      for (const listener of listeners) listener(envelope)
    },
    send: (envelope: string) => void sent.push(envelope),
    onEnvelope: (listener: (envelope: string) => void) => void listeners.push(listener),
  }
}

test('only the newest connection over the pipe hears the console, however often it was made anew', () => {
  const preload = pipe()
  const dial = pipeDialer(preload)
  const heard: string[] = []
  const old = dial()
  old.onEnvelope((envelope) => heard.push(`old ${envelope}`))
  const fresh = dial()
  fresh.onEnvelope((envelope) => heard.push(`new ${envelope}`))
  preload.say('h{}')
  expect(heard).toEqual(['new h{}'])
  expect(preload.listeners).toHaveLength(1)
})

test('when the console closes the connection, its reason is told', () => {
  const preload = pipe()
  const transport = pipeDialer(preload)()
  const closed: string[] = []
  transport.onEnvelope(() => {})
  transport.onClosed((reason) => closed.push(reason))
  preload.say('cthe console is stopping')
  expect(closed).toEqual(['the console is stopping'])
})

test('a closed connection says so once, to the console as well, and neither sends nor hears after', () => {
  const preload = pipe()
  const transport = pipeDialer(preload)()
  const heard: string[] = []
  const closed: string[] = []
  transport.onEnvelope((envelope) => heard.push(envelope))
  transport.onClosed((reason) => closed.push(reason))
  transport.close()
  transport.close()
  transport.send('r1')
  preload.say('r2')
  expect(closed).toHaveLength(1)
  expect(heard).toEqual([])
  expect(preload.sent).toEqual([expect.stringMatching(/^c/)])
})
