import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { ServerTransport } from '#core/api/index.ts'
import { silentLogger } from '#core/platform/index.ts'
import { longestEnvelope } from '#shared/contract/envelope.ts'
import type { ConsoleError } from '#shared/problem.ts'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { until } from '../../../test/support/until.ts'
import { dialControlSocket } from './control-client.ts'
import { listenOnControlSocket } from './control-socket.ts'

test('envelopes pass both ways, whole and in order, whatever is in them', async () => {
  const { path } = await listening((transport) => transport.onEnvelope((envelope) => transport.send(`r${envelope}`)))
  const client = await dialControlSocket(path)
  const answers: string[] = []
  client.onEnvelope((envelope) => answers.push(envelope))
  const sent = ['h{}', `s${JSON.stringify({ text: 'line\nbreak – ☕' })}`, `r${'x'.repeat(500_000)}`]
  for (const envelope of sent) client.send(envelope)
  await until('all answers', () => answers.length === 3)
  expect(answers).toEqual(sent.map((envelope) => `r${envelope}`))
  client.close()
})

test('the socket is this user’s alone, in a folder of this user alone', async () => {
  const { path, folder } = await listening(() => {})
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
})

test('a folder that was open to others is closed to them', async () => {
  const parent = folderForTest()
  const folder = join(parent, 'open')
  mkdirSync(folder, { mode: 0o755 })
  await listen(join(folder, 's.sock'))
  expect(statSync(folder).mode & 0o777).toBe(0o700)
})

test('a socket file left by a killed console is replaced', async () => {
  const path = join(folderForTest(), 's.sock')
  const child = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)})`])
  await until('the other console to listen', () => existsSync(path))
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
  expect(existsSync(path)).toBe(true)
  await listen(path)
  const client = await dialControlSocket(path)
  client.close()
})

test('a plain file in its place is replaced as well', async () => {
  const path = join(folderForTest(), 's.sock')
  writeFileSync(path, 'rubbish')
  await listen(path)
  const client = await dialControlSocket(path)
  client.close()
})

test('a socket that answers is left alone: a second console is refused', async () => {
  const { path } = await listening(() => {})
  await expect(listen(path)).rejects.toMatchObject({
    problem: { code: 'control-socket-taken' },
  } satisfies { problem: Partial<ConsoleError['problem']> })
  const client = await dialControlSocket(path)
  client.close()
})

test('a line longer than an envelope may be ends that connection, and only that one', async () => {
  const { path } = await listening((transport) => transport.onEnvelope((envelope) => transport.send(envelope)))
  const other = await dialControlSocket(path)
  const rude = connect(path)
  const gone = new Promise<void>((resolve) => {
    rude.once('close', () => resolve())
    rude.once('error', () => resolve())
  })
  rude.write('r'.repeat(longestEnvelope + 100_000))
  await gone
  const answers: string[] = []
  other.onEnvelope((envelope) => answers.push(envelope))
  other.send('still here')
  await until('the other connection to answer', () => answers.length > 0)
  other.close()
})

test('closing tells every client, takes the socket file away, and leaves nothing open', async () => {
  const { path, server } = await listening(() => {})
  const client = await dialControlSocket(path)
  const closed = new Promise<string>((resolve) => client.onClosed(resolve))
  await server[Symbol.asyncDispose]()
  expect(await closed).toMatch(/closed/)
  expect(existsSync(path)).toBe(false)
  await expect(dialControlSocket(path)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a client that takes nothing does not keep the console from closing', async () => {
  const { path, server } = await listening((transport) => {
    for (let n = 0; n < 20; n++) transport.send('x'.repeat(100_000))
  })
  const silent = connect(path)
  silent.pause()
  await new Promise((resolve) => silent.once('connect', resolve))
  await server[Symbol.asyncDispose]()
  silent.destroy()
})

function folderForTest(): string {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  return folder.path
}

async function listen(path: string, onTransport: (transport: ServerTransport) => void = () => {}) {
  const server = await listenOnControlSocket({ path, logger: silentLogger, onTransport })
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

async function listening(onTransport: (transport: ServerTransport) => void) {
  const folder = join(folderForTest(), 'run')
  const path = join(folder, 's.sock')
  return { path, folder, server: await listen(path, onTransport) }
}
