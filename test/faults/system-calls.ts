/** One system call, as it returned. */
export interface Call {
  readonly name: string
  readonly path: string
  readonly text: string
  readonly ok: boolean
}

/** The calls of a strace, in the order in which they returned: an fsync counts from its end. */
export function callsIn(trace: string): readonly Call[] {
  const begun = new Map<string, string>()
  return trace.split('\n').flatMap((line) => {
    const [, pid = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? []
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(pid, rest.slice(0, -'<unfinished ...>'.length))
      return []
    }
    const text = rest.startsWith('<... ') ? (begun.get(pid) ?? '') + rest.slice(rest.indexOf('>') + 1) : rest
    const [, name = '', path = ''] = /^(\w+)\(\d+<([^>]*)>/.exec(text) ?? []
    return name ? [{ name, path, text, ok: / = \d+$/.test(text.trimEnd()) }] : []
  })
}
