/**
 * Runs one soak: `npm run soak -- NAME [--rounds N] [--seed N]`. Prints how far it is and one closing line, and ends with 1 when
 * something did not hold, 2 when it was called wrongly. Without a name it lists what there is.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Soak } from './soak.ts'

const here = import.meta.dirname
const parts = ['frame', 'soak']
const mostProblemsShown = 20

process.exitCode = await main()

async function main(): Promise<number> {
  const options = { rounds: { type: 'string' }, seed: { type: 'string' } } as const
  const { positionals, values } = parseArgs({ allowPositionals: true, options })
  const [name] = positionals
  if (name === undefined || !names().includes(name)) {
    say(name === undefined ? 'Which soak?' : `There is no soak called ${name}.`)
    for (const known of names()) say(`  npm run soak -- ${known.padEnd(10)}${(await load(known)).what}`)
    return 2
  }
  const soak = await load(name)
  const rounds = Number(values.rounds ?? soak.rounds)
  const seed = Number(values.seed ?? Date.now() % 1_000_000)
  if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
    say('--rounds and --seed take whole numbers.')
    return 2
  }
  return run(name, soak, rounds, seed)
}

async function run(name: string, soak: Soak, rounds: number, seed: number): Promise<number> {
  say(`${name}: ${soak.what}`)
  say(`  ${rounds} rounds, --seed ${seed}`)
  const folder = mkdtempSync(join(tmpdir(), `wheelhouse-soak-${name}-`))
  const began = performance.now()
  try {
    const { figures, problems } = await soak.run({ rounds, seed, folder, note: (line) => say(`  ${line}`) })
    for (const problem of problems.slice(0, mostProblemsShown)) say(`  WRONG: ${problem}`)
    const seconds = Math.round((performance.now() - began) / 1_000)
    say(`${problems.length === 0 ? 'held' : `${problems.length} WRONG`}: ${figures}, seed ${seed}, ${seconds} s`)
    return problems.length === 0 ? 0 : 1
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

async function load(name: string): Promise<Soak> {
  const loaded: { default: Soak } = await import(join(here, `${name}.ts`))
  return loaded.default
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
