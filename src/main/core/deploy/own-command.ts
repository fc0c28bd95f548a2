import { isScript, resolveCommand, type SiteDefinition, type TimedCommand, variablesOf } from '#core/config/index.ts'
import { type Clock, type CommandResult, inTime, type Runtime, runCommand } from '#core/platform/index.ts'

export interface OwnCommandParts {
  readonly directory: string
  /** Folder of the release that it runs in. */
  readonly release: string
  readonly definition: SiteDefinition
  readonly runtime: Runtime
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Each line that it writes. */
  readonly onLine: (line: string) => void
}

export interface OwnCommandResult {
  readonly ok: boolean
  /** How it went, without its name: "ended with code 1 after 2.1 s: cannot find x". */
  readonly sentence: string
}

/** Lines of one command that are passed on; what is beyond is counted. */
const mostLines = 2_000

/** Runs a command of the site in the folder of a release, to its end or its time limit. Rejects only with the signal's reason. */
export async function runOwnCommand(
  { run, withinMs }: TimedCommand,
  { directory, release, definition, runtime, clock, signal, onLine }: OwnCommandParts,
): Promise<OwnCommandResult> {
  signal.throwIfAborted()
  const words = resolveCommand(run, definition, variablesOf(directory, release))
  const [file = '', ...args] = isScript(run[0] ?? '') ? [runtime.node, ...words] : words
  const lines = lineReader(onLine)
  const result = await runCommand(
    { file, args, cwd: release, env: environment(directory, release), timeoutMs: withinMs, onOutput: lines.take },
    clock,
    signal,
  )
  lines.end()
  signal.throwIfAborted()
  return { ok: result.code === 0, sentence: sentenceOf(result, withinMs) }
}

/** What it may see of the console's environment, and where it is. */
function environment(directory: string, release: string): Readonly<Record<string, string>> {
  const { PATH, HOME, LANG } = process.env
  return {
    ...(PATH !== undefined && { PATH }),
    ...(HOME !== undefined && { HOME }),
    ...(LANG !== undefined && { LANG }),
    WHEELHOUSE_SITE: directory,
    WHEELHOUSE_RELEASE: release,
  }
}

function sentenceOf({ code, signal, error, timedOut, output, ms }: CommandResult, withinMs: number): string {
  const said = output.trim().split('\n').at(-1)?.trim() ?? ''
  const tail = said === '' ? '' : `: ${said.slice(0, 300)}`
  if (error !== null) return `could not be run: ${error}`
  if (timedOut) return `did not end within ${inTime(withinMs)}${tail}`
  if (code === 0) return `succeeded in ${(ms / 1_000).toFixed(1)} s`
  return code === null ? `was ended by ${signal}${tail}` : `ended with code ${code}${tail}`
}

function lineReader(onLine: (line: string) => void) {
  let rest = ''
  let count = 0
  const tell = (line: string) => {
    count++
    if (count <= mostLines) onLine(line.slice(0, 2_000))
  }
  return {
    take(text: string) {
      const lines = (rest + text).split(/\r?\n/)
      rest = (lines.pop() ?? '').slice(-10_000)
      for (const line of lines) tell(line)
    },
    end() {
      if (rest !== '') tell(rest)
      if (count > mostLines) onLine(`… ${count - mostLines} more lines`)
    },
  }
}
