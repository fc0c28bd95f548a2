/** The words of a command line, or the sentence that says why it cannot be split. */
export type CommandWords =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly why: string }

/**
 * Splits a command as a POSIX shell would split words: spaces, '…', "…" and backslashes. Nothing is ever given to a shell, so
 * what only a shell can do (pipes, redirection, `&&`, `$(…)`) is refused instead of being passed on as a word.
 */
export function splitCommand(text: string): CommandWords {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (quote === "'") {
      if (char === "'") quote = ''
      else word += char
    } else if (quote === '"') {
      if (char === '"') quote = ''
      else if (char === '\\' && /["\\$`]/.test(text.charAt(at + 1))) word += text.charAt(++at)
      else word += char
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (/[|&;<>`]/.test(char) || (char === '$' && text.charAt(at + 1) === '(')) {
      return { ok: false, why: `“${char === '$' ? '$(' : char}” is something only a shell understands` }
    } else {
      word ??= ''
      if (char === "'" || char === '"') quote = char
      else if (char === '\\') word += text.charAt(++at)
      else word += char
    }
  }
  if (quote !== '') return { ok: false, why: `the quote ${quote} is never closed` }
  if (word !== undefined) words.push(word)
  return { ok: true, words }
}

/** The words of a command as site.yaml has it; none where it cannot be split (the rules tell why). */
export function commandWords(command: string | readonly string[] | undefined): readonly string[] {
  if (command === undefined) return []
  if (typeof command !== 'string') return command
  const split = splitCommand(command)
  return split.ok ? split.words : []
}
