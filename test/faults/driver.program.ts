/**
 * A console's store that lives to be tormented: plays scenarios as they are asked for on standard input, a line of JSON each, answers
 * each with a line, and notes what it was told in the file of marks, in order, before anything else can happen. Ends with its input.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { builtRuntime } from '#core/platform/index.ts'
import type { DriverRequest } from './driver-process.ts'
import type { Note } from './ledger.ts'
import { quietStage, scenarios } from './scenarios.ts'

const marks = openSync(process.env.WHEELHOUSE_FAULT_MARKS ?? '', 'a')
const take = (note: Note) => void writeSync(marks, `${JSON.stringify(note)}\n`)
const uncaught = (error: unknown) =>
  take({ note: 'uncaught', error: error instanceof Error ? `${error.stack}` : String(error) })
process.on('uncaughtException', uncaught)
process.on('unhandledRejection', uncaught)

const runtime = builtRuntime(import.meta.dirname, process.execPath)
const answer = (line: string) => void writeSync(1, `${line}\n`)
for await (const line of createInterface(process.stdin)) {
  const { scenario, directory, perilous }: DriverRequest = JSON.parse(line)
  const stage = { directory, runtime, take }
  await scenarios[scenario]?.run(
    perilous ? { ...stage, begin: () => setMode(1), mend: () => setMode(0) } : quietStage(stage),
  )
  if (perilous) setMode(0)
  answer('done')
}

/** The first field of the control file, which the shim has mapped: whether the disk may fail. */
function setMode(mode: number): void {
  const control = openSync(process.env.WHEELHOUSE_FAULT_CONTROL ?? '', 'r+')
  writeSync(control, Buffer.from([mode]), 0, 1, 0)
  closeSync(control)
}
