import { nearest } from '#shared/nearest.ts'

/**
 * What commander says of a wrong command line, as a sentence with what to do: `error: unknown option '--prot'` and
 * `(Did you mean --port?)` become "There is no option --prot. Did you mean --port? …".
 */
export function toldMistake(text: string): string {
  const plain = text.replace(/^error: /, '').trimEnd()
  const unknown =
    /^(?:unknown (option|command)|too many arguments.*?) ?'?([^'\n]*)'?(?:\n\(Did you mean (?:one of )?(.*?)\?\))?$/s.exec(
      plain,
    )
  if (unknown?.[1] !== undefined) {
    const [, what, name, near] = unknown
    const meant = near === undefined ? '' : ` Did you mean ${near}?`
    return `There is no ${what} ${name}.${meant} --help lists them.`
  }
  const missing = /^option '(\S+)(?: (\S+))?' argument missing$/.exec(plain)
  if (missing) return `${missing[1]} takes a value: ${missing[1]} ${missing[2] ?? ''}.`
  const invalid = /^option '(\S+)[^']*' argument '(.*)' is invalid\. (.*)$/s.exec(plain)
  if (invalid) return `${invalid[1]} ${invalid[2]} cannot be used: ${invalid[3]}`
  const choice = /^command-argument value '(.*)' is invalid for argument '.*'\. Allowed choices are (.*)\.$/s.exec(
    plain,
  )
  if (choice) {
    const [, given = '', known = ''] = choice
    const near = nearest(given, known.split(', '))
    return `There is no ${given}.${near === undefined ? '' : ` Did you mean ${near}?`} It is one of ${known}.`
  }
  return text
}
