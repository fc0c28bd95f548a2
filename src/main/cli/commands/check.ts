import type { VerificationView, VerifiedCheck } from '#shared/contract/verification.ts'
import { exitCodes } from '../exit-code.ts'
import { table } from '../words.ts'
import { type CommandContext, show } from './context.ts'

const words: Readonly<Record<VerifiedCheck['state'], string>> = {
  passed: 'passed',
  failed: 'FAILED',
  skipped: 'skipped',
  pending: 'not checked',
}

/** `wheelhouse check`: the list of checks of the site, made now. Ends with 1 when one of them failed. */
export async function check(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const verification = await reached.connection.calls.verification.run()
  show(context, { verification }, checkText(verification))
  return verification.passed === verification.total ? exitCodes.done : exitCodes.failed
}

export function checkText({ checks, sentence }: VerificationView): string {
  const rows = checks.map(({ title, state, sentence: found }) => [words[state], title, found])
  const more = checks.flatMap(({ title, faults }) =>
    faults.length > 1 ? [`\n${title}:`, ...faults.map((fault) => `  ${fault}`)] : [],
  )
  return [table(['', 'CHECK', 'FOUND'], rows), ...more, '', sentence].join('\n')
}
