/** Moments for sentences, in one zone. */
export interface SentenceClock {
  /** `14:02` today, `Mon 3 Nov 14:02` otherwise. */
  at(moment: number): string
  /** The same to stand for a when: `at 14:02`, `on Mon 3 Nov at 14:02`. */
  when(moment: number): string
  /** `at 14:02:10` today: for what is seconds away. */
  exactly(moment: number): string
}

/** Formats for the zone; an unknown one is told as UTC. */
export function sentenceClock(zone: string, now: number): SentenceClock {
  const timeZone = knownZone(zone)
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-GB', { timeZone, ...options })
  const hours = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  const day = format({ day: 'numeric', month: 'short', year: 'numeric' })
  const weekday = format({ weekday: 'short', day: 'numeric', month: 'short' })
  const today = day.format(now)
  /** Null for today. */
  const dayOf = (moment: number) => {
    const then = day.format(moment)
    if (then === today) return null
    return then.slice(-4) === today.slice(-4) ? weekday.format(moment).replace(',', '') : then
  }
  const when = (moment: number, time: Intl.DateTimeFormat) => {
    const then = dayOf(moment)
    return `${then === null ? '' : `on ${then} `}at ${time.format(moment)}`
  }
  const minutes = format(hours)
  const seconds = format({ ...hours, second: '2-digit' })
  return {
    at(moment) {
      const then = dayOf(moment)
      return `${then === null ? '' : `${then} `}${minutes.format(moment)}`
    },
    when: (moment) => when(moment, minutes),
    exactly: (moment) => when(moment, seconds),
  }
}

function knownZone(zone: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    return 'UTC'
  }
}

/** Without its full stop, to stand inside a sentence. */
export function bare(sentence: string): string {
  return sentence.trim().replace(/[.\s]+$/, '')
}

/** With one full stop. */
export function stopped(sentence: string): string {
  const text = sentence.trim()
  return /[.!?…]$/.test(text) ? text : `${text}.`
}

/** To go on in the middle of a sentence: "It exited" becomes "it exited"; names keep their capitals. */
export function inside(sentence: string): string {
  const text = bare(sentence)
  return openings.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}

/** Words that sentences of the console begin with and that are no names. */
const openings =
  /^(A|An|Asked|Being|Calls|For|Given|It|Its|No|Not|Nothing|Ran|Run|Running|Started|Stopped|Taken|The|This|To|Waiting|Waits|What|While)\b/

/** To begin a sentence; ids begin with a small letter, and stay as they are. */
export function capital(sentence: string): string {
  return /^(the|it|what|because) /.test(sentence) ? sentence.charAt(0).toUpperCase() + sentence.slice(1) : sentence
}

/** The beginning of a text that would make a sentence too long. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`
}

/** "1 probe", "2 probes". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** "once", "2 times". */
export function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
