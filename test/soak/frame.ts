/**
 * Runs one soak: `npm run soak -- NAME [--rounds N] [--seed N] [--scenario NAME] [--part 2/5]
 * [--results FILE]`. A long one may be taken in parts, one scenario each time, a share of its runs, or some rounds at a time with another
 * seed: with `--results` each run is noted in that file, and what all of them came to is said. Prints how far it is and one closing line, and ends with 1 when something did not hold,
 * 2 when it was called wrongly. Without a name it lists what there is.
 */
import { parseArgs } from 'node:util'
import { inFolderOfItsOwn, namedProgram, say } from '../support/named-programs.ts'
import { noteRun, runsIn, sumOf } from './runs.ts'
import type { Soak, SoakContext } from './soak.ts'

const soaks = {
  folder: import.meta.dirname,
  parts: ['frame', 'runs', 'soak', 'fault-soak'],
  kind: 'soak',
  command: 'npm run soak',
}
const mostProblemsShown = 20

process.exitCode = await main()

async function main(): Promise<number> {
  const options = {
    rounds: { type: 'string' },
    seed: { type: 'string' },
    scenario: { type: 'string' },
    part: { type: 'string' },
    results: { type: 'string' },
  } as const
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
  const [, at = 0, of = 0] = (/^([1-9]\d?)\/([1-9]\d?)$/.exec(values.part ?? '1/1') ?? []).map(Number)
  if (at < 1 || at > of || (values.part !== undefined && !soak.hasParts)) {
    say(soak.hasParts ? '--part takes a share such as 2/5.' : `${name} has no parts.`)
    return 2
  }
  const known = soak.scenarios ?? []
  if (values.scenario !== undefined && !known.includes(values.scenario)) {
    say(`${name} has no scenario called ${values.scenario}. Its scenarios: ${known.join(', ') || 'none'}.`)
    return 2
  }
  const scenarios = values.scenario === undefined ? known : [values.scenario]
  return inFolderOfItsOwn(`soak-${name}`, (folder) =>
    run(name, soak, { rounds, seed, folder, scenarios, part: { at, of } }, values.results),
  )
}

async function run(
  name: string,
  soak: Soak,
  given: Omit<SoakContext, 'note'>,
  results: string | undefined,
): Promise<number> {
  say(`${name}: ${soak.what}`)
  say(`  ${given.rounds} rounds, --seed ${given.seed}`)
  const began = performance.now()
  const { figures, problems, counts = {} } = await soak.run({ ...given, note: (line) => say(`  ${line}`) })
  for (const problem of problems.slice(0, mostProblemsShown)) say(`  WRONG: ${problem}`)
  const seconds = Math.round((performance.now() - began) / 1_000)
  say(`${problems.length === 0 ? 'held' : `${problems.length} WRONG`}: ${figures}, seed ${given.seed}, ${seconds} s`)
  if (results !== undefined) {
    const { rounds, seed, scenarios, part } = given
    noteRun(results, { name, scenarios, part: `${part.at}/${part.of}`, rounds, seed, counts, problems })
    say(`together: ${sumOf(runsIn(results, name))}`)
  }
  return problems.length === 0 ? 0 : 1
}
