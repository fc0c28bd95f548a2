import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of programs that are run by name: benchmarks, soaks. Each file's default export is one, and says what it is. */
export interface NamedPrograms {
  readonly folder: string
  /** Files there that are none. */
  readonly parts: readonly string[]
  /** "benchmark". */
  readonly kind: string
  /** "npm run bench". */
  readonly command: string
}

interface Described {
  readonly what: string
}

/** The one that was asked for. Without a name, or with an unknown one, lists what there is and resolves with null. */
export async function namedProgram<T extends Described>(
  name: string | undefined,
  programs: NamedPrograms,
): Promise<T | null> {
  const names = namesIn(programs)
  if (name !== undefined && names.includes(name)) return load<T>(name, programs)
  const { kind, command } = programs
  say(name === undefined ? `Which ${kind}?` : `There is no ${kind} called ${name}.`)
  const width = Math.max(...names.map(({ length }) => length)) + 2
  for (const known of names) say(`  ${command} -- ${known.padEnd(width)}${(await load<T>(known, programs)).what}`)
  return null
}

/** Gives a folder that is gone afterwards. */
export async function inFolderOfItsOwn<T>(what: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), `wheelhouse-${what}-`))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** One line for whoever called the program. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function namesIn({ folder, parts }: NamedPrograms): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .filter((file) => !parts.includes(file))
    .sort()
}

async function load<T>(name: string, { folder }: NamedPrograms): Promise<T> {
  const loaded: { default: T } = await import(join(folder, `${name}.ts`))
  return loaded.default
}
