import type { ConsoleView, SiteView } from '#shared/contract/state.ts'
import type { Health } from '#shared/vocabulary.ts'

/** What the tray shows: which icon, which sentence, and what can be pressed. */
export interface TrayView {
  readonly icon: Health
  /** The site and its sentence; the desktop cuts long ones. */
  readonly sentence: string
  /** Whether there is a site whose services can be started and stopped. */
  readonly actions: boolean
}

/** Longest tooltip that every desktop shows whole. Characters. */
const longestSentence = 127

/** The tray of a console in this state. `quitting` says what is waited for while it ends. */
export function trayView(
  console: ConsoleView | undefined,
  site: SiteView | undefined,
  quitting: string | null,
): TrayView {
  if (quitting !== null) return { icon: 'unknown', sentence: cut(quitting), actions: false }
  if (site) return { icon: site.health, sentence: cut(`${site.name}: ${site.sentence}`), actions: true }
  const phase = console?.phase ?? 'opening'
  if (phase === 'could not open') {
    return {
      icon: 'unhealthy',
      sentence: cut(console?.problem?.message ?? 'The site could not be opened.'),
      actions: false,
    }
  }
  return { icon: 'unknown', sentence: phase === 'no site' ? 'No site is open.' : 'Opening the site…', actions: false }
}

function cut(sentence: string): string {
  return sentence.length > longestSentence ? `${sentence.slice(0, longestSentence - 1)}…` : sentence
}
