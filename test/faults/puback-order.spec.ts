import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { findProgram, needs } from '../support/needs.ts'
import { freePorts } from '../support/ports.ts'
import { until } from '../support/until.ts'
import { type Call, callsIn } from './system-calls.ts'

needs('strace')

const program = join(import.meta.dirname, '../support/mortal-router.program.ts')
const messages = 5

/** Whether the log of the messages was synced between the bytes of a payload going into it and the PUBACK of that packet. */
function syncedBefore(calls: readonly Call[], marker: string, packet: number): boolean {
  // What is not text is shown in hexadecimal: pages and packets.
  const bytes = [...Buffer.from(marker)].map(hex).join('')
  const inLog = ({ path }: Call) => path.endsWith('/messages.db-wal')
  const written = calls.findIndex((call) => call.name === 'pwrite64' && inLog(call) && call.text.includes(bytes))
  const puback = Buffer.from([0x40, 2, packet >> 8, packet & 255])
  const acknowledged = calls.findIndex(
    ({ name, path, text }, at) =>
      at > written && name.startsWith('write') && isSocket(path) && bytesIn(text).includes(puback),
  )
  if (written === -1) throw new Error(`${marker} was never written.`)
  if (acknowledged === -1) throw new Error(`Packet ${packet} was never acknowledged.`)
  const before = calls.slice(0, written).some(({ name, path, text }) => {
    return name.startsWith('write') && isSocket(path) && bytesIn(text).equals(puback)
  })
  if (before) throw new Error(`Packet ${packet} was acknowledged before ${marker} was written at all.`)
  return calls.slice(written, acknowledged).some((call) => /^f(data)?sync$/.test(call.name) && inLog(call) && call.ok)
}

/** The packet in which a message came from a broker: its id follows the topic. */
function packetOf(calls: readonly Call[], marker: string): number {
  for (const { name, path, text } of calls) {
    if (name !== 'read' || !isSocket(path)) continue
    const bytes = bytesIn(text)
    const payload = bytes.indexOf(marker)
    const topic = bytes.lastIndexOf('in/load', payload)
    if (payload >= 0 && topic >= 0) return bytes.readUInt16BE(topic + 'in/load'.length)
  }
  throw new Error(`${marker} never came in.`)
}

function isSocket(path: string): boolean {
  return /^(TCP|socket)/.test(path)
}

/** A console's messaging under strace, the calls that matter on the way; killed when `use` is done. */
async function traced(mode: 'embedded' | 'other', port: number, use: () => Promise<void>): Promise<readonly Call[]> {
  using folder = temporaryFolder()
  const trace = join(folder.path, 'strace')
  const options = [
    '-f',
    '-y',
    '-s',
    '20000',
    '-x',
    '-e',
    'trace=pwrite64,read,write,writev,fsync,fdatasync',
    '-o',
    trace,
  ]
  const console = spawn('strace', [...options, process.execPath, program, folder.path, String(port), mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await ready(console)
    await use()
  } finally {
    // What is traced ends first: strace itself would wait for it.
    const ended = once(console, 'exit')
    for (const child of childrenOf(console.pid ?? 0)) process.kill(child, 'SIGKILL')
    await ended
  }
  return callsIn(readFileSync(trace, 'utf8'))
}

const marked = Array.from({ length: messages }, (_, n) => `proof-${n}-of-order`)

test('a successful fsync of the log stands between each message of QoS 1 for a durable target and its PUBACK', async () => {
  const packets: number[] = []
  const [port = 0] = await freePorts(1)
  const calls = await traced('embedded', port, async () => {
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: 'publisher' })
    client.on('packetsend', (sent) => {
      if (sent.cmd === 'publish') packets.push(sent.messageId ?? 0)
    })
    // One after the other: each has a commit, and a packet of its own on the way back.
    for (const payload of marked) await client.publishAsync('in/load', payload, { qos: 1 })
    await client.endAsync()
  })
  for (const [n, marker] of marked.entries())
    expect({ n, synced: syncedBefore(calls, marker, packets[n] ?? 0) }).toEqual({ n, synced: true })
})

describe('with a broker that somebody else runs', () => {
  needs('mosquitto')

  test('the same stands between what it sends and the PUBACK that it gets', async () => {
    using folder = temporaryFolder()
    const [port = 0] = await freePorts(1)
    const config = join(folder.path, 'mosquitto.conf')
    writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\n`)
    const broker = spawn(findProgram('mosquitto') ?? '', ['-c', config], { stdio: 'ignore' })
    const arrived: string[] = []
    try {
      const calls = await traced('other', port, async () => {
        const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: 'publisher' })
        client.on('message', (_topic, payload) => arrived.push(payload.toString()))
        await client.subscribeAsync('out', { qos: 1 })
        for (const [n, payload] of marked.entries()) {
          await client.publishAsync('in/load', payload, { qos: 1 })
          // It has gone through the outbox, so the router has acknowledged it or is about to.
          await until('it to arrive', () => arrived.length > n)
        }
        await client.publishAsync('in/load', 'after all', { qos: 1 })
        await until('the last to arrive', () => arrived.includes('after all'))
        await client.endAsync()
      })
      for (const [n, marker] of marked.entries())
        expect({ n, synced: syncedBefore(calls, marker, packetOf(calls, marker)) }).toEqual({ n, synced: true })
    } finally {
      broker.kill('SIGKILL')
    }
  })
})

const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, v: 11, f: 12 }

/** The bytes that a call of write or writev was given, from the strings that strace shows of them. */
function bytesIn(text: string): Buffer {
  const bytes: number[] = []
  for (const [, piece = ''] of text.matchAll(/"((?:[^"\\]|\\.)*)"/g)) {
    for (const [found, hexadecimal, octal, escaped] of piece.matchAll(/\\x([0-9a-f]{2})|\\([0-7]{1,3})|\\(.)|./gs)) {
      if (hexadecimal !== undefined) bytes.push(Number.parseInt(hexadecimal, 16))
      else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8))
      else bytes.push((escaped !== undefined ? escapes[escaped] : undefined) ?? (escaped ?? found).charCodeAt(0))
    }
  }
  return Buffer.from(bytes)
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}

async function ready(console: ChildProcess): Promise<void> {
  const [text]: Buffer[] = await once(console.stdout ?? console, 'data')
  if (!text?.toString().includes('ready')) throw new Error('The console did not come up.')
}
