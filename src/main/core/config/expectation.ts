/**
 * What a value of site.yaml must be. zod carries one message per schema; ours is an expectation: a stable code and the end of
 * a sentence, "… must be <what>", from which `schema-problems.ts` makes the operator's sentence.
 */
export interface Expectation {
  readonly code: string
  readonly what: string
}

/** The message to give to a zod schema. */
export function expectation(code: string, what: string): string {
  return `${code}|${what}`
}

/** Reads an expectation back from a zod issue; undefined for a message of zod's own. */
export function readExpectation(message: string): Expectation | undefined {
  const [, code, what] = /^([a-z][a-z-]+)\|(.+)$/s.exec(message) ?? []
  return code === undefined || what === undefined ? undefined : { code, what }
}
