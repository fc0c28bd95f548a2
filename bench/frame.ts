/**
 * Runs one benchmark: `npm run bench -- NAME [--peer NAME]… [--only PART,…] [--rounds N]`. Prints a table, writes
 * `bench/results/NAME.json` (with --only `NAME-PARTS.json`), and ends with 1 when a bar is not met, 2 when it was called wrongly.
 * Without a name it lists what there is.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { inFolderOfItsOwn, namedProgram, say } from '../test/support/named-programs.ts'
import { type Bar, type BenchContext, type Benchmark, judge } from './benchmark.ts'

const here = import.meta.dirname
const usualRounds = 3
const benchmarks = {
  folder: here,
  parts: [
    'frame',
    'backup-helper',
    'backup-peers',
    'backup-site',
    'benchmark',
    'counting-subscriber',
    'event-flood',
    'mqtt-generator',
    'node-red-peer',
    'startup-peers',
    'timeline-events',
  ],
  kind: 'benchmark',
  command: 'npm run bench',
}

process.exitCode = await main()

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      peer: { type: 'string', multiple: true },
      only: { type: 'string', multiple: true },
      rounds: { type: 'string' },
    },
  })
  const [name] = positionals
  const benchmark = await namedProgram<Benchmark>(name, benchmarks)
  if (!benchmark || name === undefined) return 2
  const peers = benchmark.peers ?? {}
  const wanted = [...new Set(values.peer ?? [])]
  const unknown = wanted.find((peer) => !Object.hasOwn(peers, peer))
  if (unknown !== undefined) {
    say(`${name} cannot be measured beside ${unknown}. Its peers: ${Object.keys(peers).join(', ') || 'none'}.`)
    return 2
  }
  const parts = benchmark.parts ?? []
  const only = [...new Set((values.only ?? []).flatMap((list) => list.split(',')))]
  const strange = only.find((part) => !parts.includes(part))
  if (strange !== undefined) {
    say(`${name} has no part ${strange}. Its parts: ${parts.join(', ') || 'none'}.`)
    return 2
  }
  const rounds = Number(values.rounds ?? usualRounds)
  if (!Number.isInteger(rounds) || rounds < 1) {
    say('--rounds is a whole number from 1 on.')
    return 2
  }
  return inFolderOfItsOwn(`bench-${name}`, (folder) =>
    measure(name, benchmark, { peers: wanted, only, rounds, folder }),
  )
}

interface Call extends Pick<BenchContext, 'peers' | 'rounds' | 'folder'> {
  readonly only: readonly string[]
}

async function measure(name: string, benchmark: Benchmark, call: Call): Promise<number> {
  const { peers, only } = call
  say(`${name}: ${benchmark.what}`)
  for (const peer of peers) say(`Beside ${peer}: ${benchmark.peers?.[peer]}`)
  const [peer = null] = peers
  const at = new Date().toISOString()
  const wants = (part: string) => only.length === 0 || only.includes(part)
  const context: BenchContext = { ...call, peer, wants, note: (line) => say(`  ${line}`) }
  const bars = (await benchmark.run(context)).map(judge)
  say(table(bars))
  const results = join(here, 'results')
  mkdirSync(results, { recursive: true })
  writeFileSync(
    join(results, `${[name, ...only].join('-')}.json`),
    `${JSON.stringify({ name, at, peers, only, rounds: call.rounds, machine: machine(), bars }, null, 2)}\n`,
  )
  return bars.every(({ ok }) => ok) ? 0 : 1
}

function machine(): Readonly<Record<string, string | number>> {
  const cores = cpus()
  return {
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memory: totalmem(),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.versions.node,
  }
}

function table(bars: readonly Bar[]): string {
  const rows = [
    ['what', 'value', 'unit', 'bar', ''],
    ...bars.map(({ what, value, unit, bar, ok }) => [
      what,
      shown(value),
      unit,
      bar ?? '',
      bar ? (ok ? 'ok' : 'MISSED') : '',
    ]),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 1 ? cell.padStart(widths[1] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function shown(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-GB') : value.toPrecision(3)
}
