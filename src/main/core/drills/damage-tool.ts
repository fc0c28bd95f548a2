import { type Clock, type Runtime, runCommand } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { type DamageRequest, damageAnswerSchema } from './page-damage.ts'

/** The helper reads a few pages; a disk that needs longer is not one to do drills on. Milliseconds. */
const timeoutMs = 30_000

/** Has the helper process damage pages, or undo that. Resolves with the numbers of the pages. Rejects with `drill-pages`. */
export async function askDamageTool(
  runtime: Runtime,
  clock: Clock,
  request: DamageRequest,
): Promise<readonly number[]> {
  const { output, error, timedOut } = await runCommand(
    {
      file: runtime.node,
      args: [runtime.program('page-damage'), JSON.stringify(request)],
      cwd: '/',
      env: {},
      timeoutMs,
    },
    clock,
  )
  const answer = damageAnswerSchema.safeParse(parsed(output))
  if (answer.success && 'pages' in answer.data) return answer.data.pages
  const why =
    answer.success && 'failed' in answer.data ? answer.data.failed : (error ?? (timedOut ? 'it took too long' : output))
  throw new ConsoleError(
    'drill-pages',
    `Pages of ${request.file} could not be ${request.type === 'damage' ? 'damaged' : 'put back'}: ${why}.`,
    request.type === 'damage'
      ? 'Nothing was changed; see that the file can be written.'
      : 'Check the database, and recover it from its newest copy.',
    { params: { file: request.file } },
  )
}

function parsed(output: string): unknown {
  try {
    return JSON.parse(output.trim().split('\n').at(-1) ?? '')
  } catch {
    return undefined
  }
}
