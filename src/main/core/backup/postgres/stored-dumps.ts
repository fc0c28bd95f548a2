import { createReadStream, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Dumped,
  type DumpRecord,
  mostRecordBytes,
  readDumpRecord,
  recordName,
  type SnapshotDump,
  summaryOf,
} from './dump-record.ts'

/** Finishes the record of each dump in a folder: counts its rows and its bytes, and writes it beside the files. Resolves with what there is. */
export async function completeDumps(folder: string, dumps: readonly Dumped[]): Promise<readonly SnapshotDump[]> {
  const summaries: SnapshotDump[] = []
  for (const { record, tables } of dumps) {
    const own = join(folder, record.service)
    const counted: DumpRecord['tables'] = []
    for (const { schema, table, file } of tables) counted.push({ schema, table, rows: await rowsIn(join(own, file)) })
    const bytes = readdirSync(own).reduce((sum, name) => sum + lstatSync(join(own, name)).size, 0)
    const whole: DumpRecord = { ...record, bytes, tables: counted }
    writeFileSync(join(own, recordName), `${JSON.stringify(whole)}\n`, { mode: 0o600 })
    summaries.push(summaryOf(whole))
  }
  return summaries
}

/** The dumps in a folder that came with an archive, as far as their records can be understood. */
export function importedDumps(folder: string): readonly SnapshotDump[] {
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder).flatMap((service): readonly SnapshotDump[] => {
    const file = join(folder, service, recordName)
    try {
      const stat = lstatSync(file, { throwIfNoEntry: false })
      if (!stat?.isFile() || stat.size > mostRecordBytes) return []
      return [{ ...summaryOf(readDumpRecord(readFileSync(file, 'utf8'), service)), imported: true }]
    } catch {
      return [] // Files all the same; only nothing is restored from them by itself.
    }
  })
}

const newline = 0x0a
const end = Buffer.from('\\.\n')

/**
 * Rows of a file that COPY wrote in its text form (PostgreSQL manual, COPY): one line for each, because a newline in a value is written `\n`;
 * the line `\.` ends them.
 */
async function rowsIn(file: string): Promise<number> {
  let rows = 0
  let tail = Buffer.alloc(0)
  for await (const piece of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    const bytes: Buffer = piece
    for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) rows++
    tail = Buffer.concat([tail, bytes]).subarray(-16)
  }
  // After the end come empty lines.
  const at = tail.lastIndexOf(end)
  return at === -1 ? rows : rows - tail.subarray(at).filter((byte) => byte === newline).length
}
