/**
 * Runs one soak: `npm run soak -- NAME [--rounds N] [--seed N]`. Prints how far it is and one closing line, and ends with 1 when
 * something did not hold, 2 when it was called wrongly. Without a name it lists what there is.
 */
import { parseArgs } from 'node:util'
import { inFolderOfItsOwn, namedProgram, say } from '../support/named-programs.ts'
import type { Soak } from './soak.ts'

const soaks = { folder: import.meta.dirname, parts: ['frame', 'soak'], kind: 'soak', command: 'npm run soak' }
const mostProblemsShown = 20

process.exitCode = await main()

async function main(): Promise<number> {
  const options = { rounds: { type: 'string' }, seed: { type: 'string' } } as const
  const { positionals, values } = parseArgs({ allowPositionals: true, options })
  const [name] = positionals
  const soak = await namedProgram<Soak>(name, soaks)
  if (!soak || name === undefined) return 2
  const rounds = Number(values.rounds ?? soak.rounds)
  const seed = Number(values.seed ?? Date.now() % 1_000_000)
  if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
    say('--rounds and --seed take whole numbers.')
    return 2
  }
  return inFolderOfItsOwn(`soak-${name}`, (folder) => run(name, soak, { rounds, seed, folder }))
}

async function run(
  name: string,
  soak: Soak,
  given: { readonly rounds: number; readonly seed: number; readonly folder: string },
): Promise<number> {
  say(`${name}: ${soak.what}`)
  say(`  ${given.rounds} rounds, --seed ${given.seed}`)
  const began = performance.now()
  const { figures, problems } = await soak.run({ ...given, note: (line) => say(`  ${line}`) })
  for (const problem of problems.slice(0, mostProblemsShown)) say(`  WRONG: ${problem}`)
  const seconds = Math.round((performance.now() - began) / 1_000)
  say(`${problems.length === 0 ? 'held' : `${problems.length} WRONG`}: ${figures}, seed ${given.seed}, ${seconds} s`)
  return problems.length === 0 ? 0 : 1
}
