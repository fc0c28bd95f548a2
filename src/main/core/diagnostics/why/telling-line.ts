import { shortened } from './words.ts'

const longest = 140
const stamp = /^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?\]?\s*/
const frame = /^\s*(at\s|File "|\^+\s*$|[{}\])]+;?,?\s*$|Node\.js v\d|node:internal|throw er;)/
const trouble =
  /\b(error|exception|fatal|panic|panicked|abort(ed)?|cannot|can't|could not|unable|failed|refused|denied|missing|not found|no such|in use|out of memory|E[A-Z]{4,})\b/i

/**
 * The line of a program's last output that most likely says why it ended: the first complaint of its last burst, without its time and
 * level. A runtime's own traces follow the complaint, so they are passed over. Undefined when nothing was written.
 */
export function tellingLine(lines: readonly string[]): string | undefined {
  const said = lines
    .map((line) => line.replace(stamp, '').trimEnd())
    .filter((line) => line.trim() !== '' && !frame.test(line))
  const complaints = said.filter((line) => trouble.test(line))
  const line = complaints.findLast((candidate) => /^\s*(uncaught\s)?[A-Za-z]*(Error|Exception)\b.*:/i.test(candidate))
  const found = (line ?? complaints.at(-1) ?? said.at(-1))
    ?.trim()
    .replace(/^(error|fatal|warn(ing)?|info)\s*[:\]-]\s*/i, '')
  return found === undefined ? undefined : shortened(found, longest)
}

/** Whether a line says that an address was taken already. */
export function saysPortTaken(line: string | undefined): boolean {
  return line !== undefined && /EADDRINUSE|address (is )?already in use|port .*(in use|taken)/i.test(line)
}
