import type { ConfigProblem } from '#shared/contract/state.ts'
import type { PathValue } from './texts.ts'
import { stepsOfPath } from './texts.ts'
import { typedText } from './typed-text.ts'

/** An INI text that was read, or everything that is wrong with it. */
export type IniReading =
  | { readonly ok: true; readonly values: readonly PathValue[] }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/**
 * Reads INI: `[services.api.env]`, then `LOG = debug`. Lines that begin with `;` or `#` are comments; a value may stand in quotes, which
 * then do not belong to it and make a text of it. Values become what site.yaml wants at their path.
 */
export function readIni(text: string, file: string): IniReading {
  const problems: ConfigProblem[] = []
  const values: PathValue[] = []
  const seen = new Set<string>()
  let section: readonly (string | number)[] = []
  const fault = (line: number, code: string, message: string, remedy: string) =>
    problems.push({ code, file, line, column: 1, path: '', message, remedy })
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = index + 1
    const content = raw.trim()
    if (content === '' || content.startsWith(';') || content.startsWith('#')) continue
    const head = /^\[([^[\]]+)\]$/.exec(content)
    if (head) {
      section = stepsOfPath(head[1] ?? '')
      if (section.some((step) => step === ''))
        fault(
          line,
          'ini-invalid',
          `Section “${content}” of ${file} has an empty step.`,
          'Write it like `[services.api.env]`.',
        )
      continue
    }
    const at = content.indexOf('=')
    const key = at < 0 ? '' : content.slice(0, at).trim()
    if (key === '') {
      fault(
        line,
        'ini-invalid',
        `Line ${line} of ${file} is neither a section nor \`key = value\`.`,
        'Write `[section]`, `key = value`, or a comment that begins with `;`.',
      )
      continue
    }
    const path = [...section, ...stepsOfPath(key)]
    const name = path.join('.')
    if (seen.has(name)) fault(line, 'key-twice', `${name} stands twice in ${file}.`, 'Remove or rename one of the two.')
    seen.add(name)
    values.push({
      path,
      value: iniValue(content.slice(at + 1).trim(), path),
      place: { file, line, column: raw.indexOf(key) + 1 },
    })
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, values }
}

function iniValue(written: string, path: readonly (string | number)[]): unknown {
  const [, quote, inner] = /^(["'])(.*)\1$/.exec(written) ?? []
  return quote === undefined ? typedText(written, path) : inner
}
