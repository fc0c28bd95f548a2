import type { StartupStep, StartupView } from '#shared/contract/startup.ts'

const marks: Readonly<Record<string, string>> = {
  pending: '·',
  running: '…',
  passed: '✓',
  done: '✓',
  warned: '!',
  failed: '✗',
  skipped: '–',
}

/** The whole of a start as text: each step with what needs an eye, or with all that was looked at. */
export function startupText({ sentence, steps }: StartupView, all: boolean): string {
  const told = steps.flatMap((step) => [
    stepText(step),
    ...step.lines
      .filter(({ state }) => all || state === 'warned' || state === 'failed' || state === 'running')
      .map(({ title, state, sentence: found }) => `    ${marks[state]} ${title}: ${found}`),
  ])
  return [sentence, ...told].join('\n')
}

/** Tells a start as it happens: of each view only what is new in it. */
export class StartupLines {
  readonly #told = new Set<string>()

  /** What is to be printed now, one line each. */
  next({ steps }: StartupView): readonly string[] {
    return steps
      .flatMap((step) => [
        ...step.lines
          .filter(({ state }) => state !== 'running')
          .map(({ title, state, sentence }) => `  ${marks[state]} ${step.title}: ${title}: ${sentence}`),
        ...(step.state === 'running' || (step.state === 'pending' && !step.sentence.startsWith('Wait'))
          ? []
          : [stepText(step)]),
      ])
      .filter((line) => this.#isNew(line))
  }

  #isNew(line: string): boolean {
    if (this.#told.has(line)) return false
    this.#told.add(line)
    return true
  }
}

function stepText({ title, state, sentence, ms }: StartupStep): string {
  return `${marks[state]} ${title}: ${sentence}${ms === null ? '' : ` (${(ms / 1_000).toFixed(1)} s)`}`
}
