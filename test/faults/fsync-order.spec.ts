import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { template } from './campaign.ts'
import { notesIn } from './driver-process.ts'
import type { Acknowledgement } from './ledger.ts'
import { needsFaultDisk } from './needs-fault-disk.ts'
import { buildRig } from './rig.ts'
import { scenarios } from './scenarios.ts'
import { type Call, callsIn } from './system-calls.ts'

needsFaultDisk('strace')

/** Whether, between a record's bytes going into the write-ahead log and its acknowledgement, that log was synced. */
function syncedBefore(calls: readonly Call[], told: Acknowledgement, acknowledged: number): boolean {
  if (told.type !== 'unit') throw new Error('Only units are looked for.')
  const log = `/${told.database}.db-wal`
  const inLog = ({ path }: Call) => path.endsWith(log)
  const marker = `${told.caller}.${told.n}.${told.parts - 1} `
  const written = calls.findIndex((call) => call.name === 'pwrite64' && inLog(call) && call.text.includes(marker))
  if (written === -1 || written > acknowledged) throw new Error(`${marker} was acknowledged before it was written.`)
  return calls.slice(written, acknowledged).some((call) => /^f(data)?sync$/.test(call.name) && inLog(call) && call.ok)
}

test('a successful fsync of the log stands before every acknowledgement of a durable record, and not before relaxed ones', async () => {
  using folder = temporaryFolder()
  const rig = await buildRig(folder.path)
  const { write } = scenarios
  if (!write) throw new Error('There is no such scenario.')
  const { folder: prepared } = await template(rig, write, join(folder.path, 'template'))
  const site = join(folder.path, 'site')
  cpSync(prepared, site, { recursive: true })
  const [marks, out] = [join(folder.path, 'marks'), join(folder.path, 'strace')]
  writeFileSync(marks, '')
  const options = ['-f', '-y', '-s', '20000', '-e', 'trace=pwrite64,write,fsync,fdatasync', '-o', out]
  const { status, stderr } = spawnSync('strace', [...options, process.execPath, rig.driver], {
    input: `${JSON.stringify({ scenario: 'write', directory: join(site, '.wheelhouse'), perilous: false })}\n`,
    env: { ...process.env, WHEELHOUSE_FAULT_MARKS: marks },
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`strace failed: ${stderr}`)
  const calls = callsIn(readFileSync(out, 'utf8'))
  const acknowledgements = calls.flatMap((call, index) => (call.path === marks ? [index] : []))
  const told = notesIn(readFileSync(marks, 'utf8')).flatMap((note, index) =>
    note.note === 'acknowledged' ? [{ what: note.what, at: acknowledgements[index] ?? -1 }] : [],
  )
  const units = told.filter(({ what }) => what.type === 'unit')
  const durable = units.filter(({ what }) => what.durable)
  expect(durable.length).toBeGreaterThanOrEqual(3)
  for (const { what, at } of durable)
    expect({ what, synced: syncedBefore(calls, what, at) }).toEqual({ what, synced: true })
  // The counter-proof: with `synchronous=NORMAL` the same look finds no fsync. Each of these was committed on its own.
  const relaxed = units.filter(({ what }) => what.type === 'unit' && what.database === 'messages' && !what.durable)
  expect(relaxed.some(({ what, at }) => !syncedBefore(calls, what, at))).toBe(true)
})
