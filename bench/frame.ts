/**
 * Runs one benchmark: `npm run bench -- NAME [--peer NAME]`. Prints a table, writes `bench/results/NAME.json`, and ends with
 * 1 when a bar is not met, 2 when it was called wrongly. Without a name it lists what there is.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bar, type Benchmark, judge } from './benchmark.ts'

const here = import.meta.dirname
const parts = ['frame', 'benchmark']

process.exitCode = await main()

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { peer: { type: 'string' } } })
  const [name] = positionals
  if (name === undefined || !names().includes(name)) {
    say(name === undefined ? 'Which benchmark?' : `There is no benchmark called ${name}.`)
    for (const known of names()) say(`  npm run bench -- ${known.padEnd(16)}${(await load(known)).what}`)
    return 2
  }
  const benchmark = await load(name)
  const peers = benchmark.peers ?? {}
  if (values.peer !== undefined && !Object.hasOwn(peers, values.peer)) {
    say(`${name} cannot be measured beside ${values.peer}. Its peers: ${Object.keys(peers).join(', ') || 'none'}.`)
    return 2
  }
  return measure(name, benchmark, values.peer ?? null)
}

async function measure(name: string, benchmark: Benchmark, peer: string | null): Promise<number> {
  say(`${name}: ${benchmark.what}`)
  if (peer !== null) say(`Beside ${peer}: ${benchmark.peers?.[peer]}`)
  const folder = mkdtempSync(join(tmpdir(), `wheelhouse-bench-${name}-`))
  const at = new Date().toISOString()
  try {
    const bars = (await benchmark.run({ peer, folder, note: (line) => say(`  ${line}`) })).map(judge)
    say(table(bars))
    const results = join(here, 'results')
    mkdirSync(results, { recursive: true })
    writeFileSync(
      join(results, `${name}.json`),
      `${JSON.stringify({ name, at, peer, machine: machine(), bars }, null, 2)}\n`,
    )
    return bars.every(({ ok }) => ok) ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

function names(): readonly string[] {
  return readdirSync(here)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .filter((file) => !parts.includes(file))
    .sort()
}

async function load(name: string): Promise<Benchmark> {
  const loaded: { default: Benchmark } = await import(join(here, `${name}.ts`))
  return loaded.default
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

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
