import { nearest } from './nearest.ts'
import { type Fault, pathText } from './problem-report.ts'
import { readStep } from './recovery-steps.ts'
import { referencesIn } from './references.ts'
import type { SiteFile } from './site-schema.ts'

const conditions = ['when', 'metric', 'machine', 'event'] as const

/** Policies without a condition or with two, steps that cannot be done, services that are not there. */
export function recoveryFaults(file: SiteFile): readonly Fault[] {
  return Object.entries(file.recovery).flatMap(([id, entry]) => {
    const path = ['recovery', id]
    const faults: Fault[] = []
    const given = conditions.filter((key) => entry[key] !== undefined)
    if (given.length !== 1) {
      const found = given.length === 0 ? 'none of them' : given.map((key) => `\`${key}\``).join(' and ')
      const message = `Recovery policy ${id} must have one of \`when\`, \`metric\`, \`machine\`, \`event\`, but has ${found}.`
      faults.push({ code: 'condition-unclear', path, at: 'key', message, remedy: 'Say when it acts, in one way.' })
    }
    if (!entry.do) {
      const message = `Recovery policy ${id} has no \`do\`, which it must have.`
      faults.push({
        code: 'value-missing',
        path,
        at: 'key',
        message,
        remedy: 'Add a list of steps: `do: [ restart ]`.',
      })
    }
    faults.push(...(entry.do ?? []).flatMap((step, index) => stepFaults(step, [...path, 'do', index])))
    const named = entry.of === undefined || entry.of === 'all' ? [] : [entry.of].flat()
    const known = Object.keys(file.services)
    for (const service of named.filter((each) => !known.includes(each))) {
      const near = nearest(service, known)
      faults.push({
        code: 'service-unknown',
        path: [...path, 'of'],
        message: `Recovery policy ${id} is about the service ${service}, which this site does not have.`,
        remedy: near ? `Write \`${near}\`.` : `Its services are ${known.join(', ') || 'none'}.`,
      })
    }
    return faults
  })
}

function stepFaults(entry: unknown, path: readonly (string | number)[]): readonly Fault[] {
  const read = readStep(entry)
  if ('mistake' in read) {
    const { code, message, remedy } = read.mistake
    return [{ code, path, message: `${pathText(path)} ${message}`, remedy }]
  }
  if (read.step.action !== 'run') return []
  const wrong = read.step.run
    .flatMap((word) => referencesIn(word))
    .filter(({ name, target }) => target.to !== 'folder' && name !== 'service')
  return wrong.slice(0, 1).map(({ name }) => ({
    code: 'variable-unknown',
    path,
    message: `${pathText(path)} uses \${${name}}, which a command of recovery does not know.`,
    remedy: 'There are ${service}, ${data}, ${logs}, ${release} and ${site}.',
  }))
}
