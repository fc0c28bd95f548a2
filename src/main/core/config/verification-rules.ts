import { checkFaults } from './check-rules.ts'
import type { Fault } from './problem-report.ts'
import type { SiteFile } from './site-schema.ts'

/** What the keys of each entry of `checks` must have to do with each other and with the services. */
export function verificationFaults(file: SiteFile): readonly Fault[] {
  return Object.entries(file.checks).flatMap(([id, entry]) => {
    const path = ['checks', id]
    const faults: Fault[] = [...checkFaults(path, `the check ${id}`, entry)]
    const { of } = entry
    const service = of === undefined ? undefined : file.services[of]
    if (of !== undefined && !Object.hasOwn(file.services, of)) {
      const message = `The check ${id} is of the service ${of}, which this site does not have.`
      const remedy = `Write one of ${Object.keys(file.services).sort().join(', ') || 'its services'}, or leave \`of\` out.`
      faults.push({ code: 'service-unknown', path: [...path, 'of'], message, remedy })
    }
    const pushes = entry.metric !== undefined || entry.pushed !== undefined
    if (pushes && service?.push === undefined) {
      const message = `The check ${id} looks at what a service pushes, but \`of\` names none that may.`
      const remedy = 'Add `of: ID` with a service that has `push`.'
      faults.push({ code: 'value-missing', path: [...path, 'of'], at: 'key', message, remedy })
    }
    return faults
  })
}
