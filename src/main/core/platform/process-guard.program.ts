/**
 * Worker thread of a helper process: ends the whole process as soon as the other end of a pipe is gone, or when it takes too much memory.
 * For helpers whose own thread may be held up by what nothing interrupts.
 */
import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { workerData } from 'node:worker_threads'

/** How often it is looked. Milliseconds. */
const lookMs = 50

/** The pipe: what is said on it is why the process was ended. */
const line = 4

const { memoryMb }: { readonly memoryMb: number } = workerData
const end = () => process.kill(process.pid, 'SIGKILL')
const socket = new Socket({ fd: line })
socket.on('close', end)
socket.on('error', end)
socket.resume()
setInterval(() => {
  if (process.memoryUsage.rss() < memoryMb * 1024 * 1024) return
  writeSync(line, 'memory')
  end()
}, lookMs)
