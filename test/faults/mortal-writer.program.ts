/**
 * A console's store that writes until it is killed. Opens the store, looks for what the life before it was told, answers with a line
 * of JSON (`LifeReport`), and then writes from several callers at once, noting in the file of marks what it was told. A line on
 * standard input makes it close the store and end.
 */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { builtRuntime, silentLogger, systemClock } from '#core/platform/index.ts'
import { openStore, type Store } from '#core/store/index.ts'
import { notesIn } from './driver-process.ts'
import { laterLedgerSchema, ledgerSchema, type Note, writeEvent, writeUnit } from './ledger.ts'
import type { LifeReport, LifeRequest } from './lives.ts'
import { lost } from './proof.ts'

const [text = '{}'] = process.argv.slice(2)
const { directory, marks, name, after, upgraded, unending }: LifeRequest = JSON.parse(text)
const before = notesIn(readFileSync(marks, 'utf8'))
writeFileSync(marks, '')
const file = openSync(marks, 'a')
const take = (note: Note) => void writeSync(file, `${JSON.stringify(note)}\n`)

const ledger = upgraded ? laterLedgerSchema : ledgerSchema
const store = await openStore({
  directory,
  schemas: { control: [eventsSchema, ledger], messages: [ledger] },
  runtime: builtRuntime(import.meta.dirname, process.execPath),
  clock: systemClock(),
  logger: silentLogger,
})
const told = before.flatMap((note) => (note.note === 'acknowledged' ? [note.what] : []))
const report: LifeReport = {
  opened: store.opened,
  problems: lost(store, told, after),
  highest: { control: highestIn(store.control), messages: highestIn(store.messages) },
}
writeSync(1, `${JSON.stringify(report)}\n`)

let closing = false
createInterface(process.stdin).on('line', () => {
  closing = true
})
const { control, messages } = store
const log = openEventLog({ database: control, clock: systemClock(), logger: silentLogger })
const callers = [
  (n: number) => writeUnit(control, { caller: `${name} a`, n, parts: 1 + (n % 4), recordClass: 'job' }, take),
  (n: number) =>
    writeUnit(messages, { caller: `${name} b`, n, parts: 1 + (n % 3), recordClass: 'outbox', size: 300 }, take),
  (n: number) => writeUnit(messages, { caller: `${name} c`, n, parts: 5, recordClass: 'journal', size: 700 }, take),
  (n: number) => writeEvent(log, `${name} ${n}`, take),
]
await Promise.all(
  callers.map(async (write) => {
    for (let n = 0; !closing && (unending || n < 10); n++) await write(n)
  }),
)
await log[Symbol.asyncDispose]()
await store[Symbol.asyncDispose]()
closeSync(file)
process.exit(0)

function highestIn(database: Store['control']): number {
  return database.get<{ seq: number }>({ sql: "SELECT seq FROM sqlite_sequence WHERE name = 'ledger'" })?.seq ?? 0
}
