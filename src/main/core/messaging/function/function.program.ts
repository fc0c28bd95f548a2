/**
 * The process of one function of a site: loads it, calls it for messages, watches its files. It has reduced rights, and whatever happens
 * to it concerns nobody else. Ends when the one that started it is gone.
 */
import { Socket } from 'node:net'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { FrameReader, frameOf } from './frames.ts'
import { FunctionDesk } from './function-desk.ts'
import { thrownIn } from './function-errors.ts'
import {
  type FromFunction,
  type FunctionOrder,
  functionBounds,
  largestFrame,
  type ToFunction,
} from './function-protocol.ts'
import { FunctionLoader, stampOf } from './loaded-function.ts'
import { Spoken } from './spoken.ts'

/** How often the files are looked at. Milliseconds. */
const lookMs = 2_000

const [guard = ''] = process.argv.slice(2)
new Worker(pathToFileURL(guard), { execArgv: [], workerData: { memoryMb: functionBounds.memoryMb } })
// A thread would have all rights: the one above is the last.
dropThreads()
dropSignals()

const socket = new Socket({ fd: 3 })
const say = (head: FromFunction, parts: readonly Uint8Array[] = []) => {
  socket.write(frameOf(head, parts))
}
const spoken = new Spoken((lines, more) => say({ type: 'says', lines, more }))
globalThis.console = spoken.console

const watched = new Map<string, string>()
let desk: FunctionDesk | undefined

const reader = new FrameReader<ToFunction>(largestFrame, ({ head, body }) => {
  switch (head.type) {
    case 'load':
      void load(
        head.order,
        head.version.map((file, n) => ({ ...file, text: partOf(body, head.version, n) })),
      )
      break
    case 'calls':
      desk?.take(head.calls, body)
      break
    case 'watch':
      for (const file of head.files) if (!watched.has(file)) watched.set(file, stampOf(file))
      break
  }
})
socket.on('data', (chunk: Buffer) => reader.take(chunk))
socket.on('close', () => process.exit())
socket.on('error', () => process.exit())

async function load(order: FunctionOrder, known: ConstructorParameters<typeof FunctionLoader>[1]): Promise<void> {
  const told = (what: string) => (error: unknown) => spoken.console.error(`${what}: ${thrownIn(error, order.release)}`)
  process.on('unhandledRejection', told('A promise was rejected and nobody took care of it'))
  process.on('uncaughtException', told('It threw where nobody took care of it'))
  const loader = new FunctionLoader(order, known)
  try {
    const { call, version } = await loader.load()
    desk = new FunctionDesk(order, call, (answers, parts, ms) => say({ type: 'answers', answers, ms }, parts))
    say(
      {
        type: 'ready',
        version: version?.map(({ url, format, stamp, length }) => ({ url, format, stamp, length })) ?? null,
      },
      version?.map(({ text }) => text) ?? [],
    )
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    say({ type: 'broken', reason, files: [...loader.files.keys()] })
  }
  for (const [file, stamp] of loader.files) watched.set(file, stamp)
  setInterval(look, lookMs)
}

function look(): void {
  let changed = false
  for (const [file, before] of watched) {
    const stamp = stampOf(file)
    if (stamp === before) continue
    watched.set(file, stamp)
    changed = true
  }
  if (changed) say({ type: 'changed' })
}

function partOf(body: Buffer, files: readonly { readonly length: number }[], n: number): Buffer {
  const from = files.slice(0, n).reduce((sum, { length }) => sum + length, 0)
  return body.subarray(from, from + (files[n]?.length ?? 0))
}

/** Takes the right to start threads away, for good. The types of the runtime do not know it yet. */
/** Rights of Node's own do not cover signals: with them a function could end the console, or open its debugger. */
function dropSignals(): void {
  const refuse = () => {
    throw new Error('a function may not send signals')
  }
  for (const name of ['kill', '_kill', '_debugProcess', '_debugEnd'])
    Object.defineProperty(process, name, { value: refuse, writable: false, configurable: false })
}

function dropThreads(): void {
  const drop: unknown = Reflect.get(process.permission, 'drop')
  if (typeof drop !== 'function') throw new Error('This Node cannot take rights away.')
  Reflect.apply(drop, process.permission, ['worker'])
}
