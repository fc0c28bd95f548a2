import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { needs } from '../support/needs.ts'
import { freePorts } from '../support/ports.ts'
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
  const acknowledged = calls.findIndex(({ name, text }) => name.startsWith('write') && bytesIn(text).equals(puback))
  if (written === -1) throw new Error(`${marker} was never written.`)
  if (acknowledged === -1) throw new Error(`Packet ${packet} was never acknowledged.`)
  return calls.slice(written, acknowledged).some((call) => /^f(data)?sync$/.test(call.name) && inLog(call) && call.ok)
}

test('a successful fsync of the log stands between each message of QoS 1 for a durable target and its PUBACK', async () => {
  using folder = temporaryFolder()
  const trace = join(folder.path, 'strace')
  const packets: number[] = []
  const [port = 0] = await freePorts(1)
  const options = ['-f', '-y', '-s', '20000', '-x', '-e', 'trace=pwrite64,write,writev,fsync,fdatasync', '-o', trace]
  const console = spawn('strace', [...options, process.execPath, program, folder.path, String(port), 'embedded'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await ready(console)
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: 'publisher' })
    client.on('packetsend', (sent) => {
      if (sent.cmd === 'publish') packets.push(sent.messageId ?? 0)
    })
    // One after the other: each has a commit, and a packet of its own on the way back.
    for (let n = 1; n <= messages; n++) await client.publishAsync('in/load', `proof-${n}-of-order`, { qos: 1 })
    await client.endAsync()
  } finally {
    // What is traced ends first: strace itself would wait for it.
    const ended = once(console, 'exit')
    for (const child of childrenOf(console.pid ?? 0)) process.kill(child, 'SIGKILL')
    await ended
  }
  const calls = callsIn(readFileSync(trace, 'utf8'))
  for (let n = 1; n <= messages; n++)
    expect({ n, synced: syncedBefore(calls, `proof-${n}-of-order`, packets[n - 1] ?? 0) }).toEqual({ n, synced: true })
}, 120_000)

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
