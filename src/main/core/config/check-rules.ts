import type { z } from 'zod'
import { checkDetails, checkKinds, type checkShape } from './check-schema.ts'
import { splitCommand } from './command-words.ts'
import { figureCondition } from './figure-condition.ts'
import { postgresAddress } from './postgres-address.ts'
import type { Fault } from './problem-report.ts'
import type { ServiceEntry } from './service-schema.ts'
import type { DocumentPath } from './yaml-text.ts'

/** The keys of a check, wherever site.yaml has one. */
type CheckEntry = { readonly [Key in keyof typeof checkShape]?: z.output<(typeof checkShape)[Key]> }

/** What the keys of one check must have to do with each other. `what` names it in sentences: "the startup probe of service api". */
export function checkFaults(path: DocumentPath, what: string, entry: CheckEntry | undefined): readonly Fault[] {
  if (!entry) return []
  const given = checkKinds.filter((kind) => entry[kind] !== undefined)
  const [kind] = given
  if (given.length !== 1 || !kind) {
    const found = given.length === 0 ? 'none of them' : given.map((each) => `\`${each}\``).join(' and ')
    const kinds = checkKinds.map((each) => `\`${each}\``).join(', ')
    const message = `${capital(what)} must have one of ${kinds}, but has ${found}.`
    const remedy = 'Keep the one that asks the service, and make further probes of the others.'
    return [{ code: 'probe-unclear', path, at: 'key', message, remedy }]
  }
  const details = Object.entries(checkDetails).flatMap(([key, kinds]) => {
    if (!(key in entry) || entry[key as keyof typeof checkDetails] === undefined) return []
    if (kinds.some((each) => each === kind)) return []
    const only = kinds.map((each) => `\`${each}\``).join(' and ')
    const message = `${capital(what)} has \`${key}\`, which is only for ${only}.`
    return [
      { code: 'key-not-for-kind', path: [...path, key], at: 'key' as const, message, remedy: `Remove \`${key}\`.` },
    ]
  })
  return [...details, ...valueFaults(path, what, entry)]
}

function valueFaults(path: DocumentPath, what: string, entry: CheckEntry): readonly Fault[] {
  const faults: Fault[] = [...commandFaults([...path, 'command'], what, entry.command)]
  if (entry.metric !== undefined) {
    const reading = figureCondition(entry.metric)
    if (!reading.ok) {
      const message = `The condition of ${what} cannot be used: ${reading.why}.`
      const remedy = 'Write it like `fps > 20`, with the names of figures that the service pushes.'
      faults.push({ code: 'expression-bad', path: [...path, 'metric'], message, remedy })
    }
  }
  if (entry.postgres !== undefined && !entry.postgres.includes('${')) {
    const reading = postgresAddress(entry.postgres)
    if (!reading.ok) {
      const message = `${capital(what)} has an address ${reading.why}.`
      faults.push({ code: 'address-bad', path: [...path, 'postgres'], message, remedy: reading.remedy })
    }
  }
  if (entry.topic !== undefined && /[#+\0]/.test(entry.topic)) {
    const message = `${capital(what)} sends to the topic “${entry.topic}”, but a topic that is sent to has no \`+\` or \`#\`.`
    faults.push({ code: 'topic-bad', path: [...path, 'topic'], message, remedy: 'Write one whole topic.' })
  }
  return faults
}

/** A command that cannot be split into words. */
export function commandFaults(path: DocumentPath, what: string, command: ServiceEntry['run']): readonly Fault[] {
  if (typeof command !== 'string') return []
  const split = splitCommand(command)
  if (split.ok) return []
  const message = `The command of ${what} cannot be split into words: ${split.why}.`
  const remedy =
    'Put the word in quotes, write the command as a list of words, or call a script that holds the shell line.'
  return [{ code: 'command-bad', path, message, remedy }]
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
