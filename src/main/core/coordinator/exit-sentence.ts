import type { ProcessExit } from '#core/platform/index.ts'

/** An exit in words, to stand after "it": "exited with code 1", "was ended by SIGKILL". */
export function exitSentence({ code, signal }: ProcessExit): string {
  if (signal !== null) return `was ended by ${signal}${signalHints[signal] ?? ''}`
  if (code === null) return 'ended (its exit code is known only to the console that started it)'
  return `exited with code ${code}${codeHints[code] ?? ''}`
}

const signalHints: Readonly<Record<string, string>> = {
  SIGKILL: ' (killed: by somebody, or for lack of memory)',
  SIGSEGV: ' (it crashed on a bad memory access)',
  SIGABRT: ' (it gave up by itself)',
  SIGBUS: ' (it crashed on a bad memory access)',
  SIGILL: ' (the program does not fit this processor)',
}

/** What shells and loaders mean by codes that programs rarely use themselves. */
const codeHints: Readonly<Record<number, string>> = {
  126: ' (found, but not executable)',
  127: ' (a command was not found)',
  137: ' (killed: by somebody, or for lack of memory)',
  139: ' (it crashed on a bad memory access)',
}
