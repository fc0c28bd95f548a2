import type { Reached } from '../reach.ts'
import type { Terminal } from '../terminal.ts'
import { jsonText } from '../words.ts'

/** What every command is given. */
export interface CommandContext {
  readonly terminal: Terminal
  /** Whether the result is one JSON document instead of text. */
  readonly json: boolean
  /** Reaches the site that the command is for: a running console ("host"), or else the site itself ("any"). */
  reach(need: 'host' | 'any'): Promise<Reached>
}

/** Writes a command's result: the document with `--json`, else the text. */
export function show({ terminal, json }: CommandContext, document: unknown, text: string): void {
  terminal.out(json ? jsonText(document, 2) : text)
}
