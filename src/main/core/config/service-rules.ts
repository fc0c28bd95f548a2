import { brokerFaults } from './broker-rules.ts'
import { checkFaults, commandFaults } from './check-rules.ts'
import { databaseFaults } from './database-rules.ts'
import type { Fault } from './problem-report.ts'
import type { ServiceEntry } from './service-schema.ts'
import type { SiteFile } from './site-schema.ts'

const probeNames = ['startup', 'readiness', 'liveness'] as const

/** What the keys of one service must have to do with each other, and ports and units that two services claim. */
export function serviceFaults(file: SiteFile): readonly Fault[] {
  const each = Object.entries(file.services).flatMap(([id, entry]) => [
    ...kindFaults(id, entry),
    ...commandFaults(['services', id, 'run'], `service ${id}`, entry.run),
    ...probeNames.flatMap((name) =>
      checkFaults(['services', id, name], `the ${name} probe of service ${id}`, entry[name]),
    ),
    ...pushFaults(id, entry),
    ...brokerFaults(id, entry),
    ...hookFaults(id, entry),
    ...limitFaults(id, entry),
    ...unitFaults(id, entry),
  ])
  return [...each, ...portFaults(file), ...sharedUnitFaults(file)]
}

function kindFaults(id: string, entry: ServiceEntry): readonly Fault[] {
  const faults: Fault[] = []
  const path = ['services', id]
  const { kind } = entry
  if (kind === 'node' || kind === 'process') {
    if (entry.run === undefined) {
      const what = kind === 'node' ? 'the script, such as `services/api.mjs`' : 'the program and its arguments'
      const message = `Service ${id} has no \`run\`, which a service of kind ${kind} must have.`
      faults.push({ code: 'value-missing', path: [...path, 'run'], message, remedy: `Add \`run\`: ${what}.` })
    }
  } else if (entry.run !== undefined) {
    const why = kind === 'builtin' ? 'it is part of the console' : 'somebody else runs it'
    const message = `Service ${id} has \`run\`, but a service of kind ${kind} is not run: ${why}.`
    const remedy = 'Remove `run`, or write `kind: node` or `kind: process`.'
    faults.push({ code: 'key-not-for-kind', path: [...path, 'run'], at: 'key', message, remedy })
  }
  if (kind === 'builtin') {
    if (entry.use === undefined) {
      const message = `Service ${id} has no \`use\`, which a service of kind builtin must have.`
      faults.push({
        code: 'value-missing',
        path: [...path, 'use'],
        message,
        remedy: 'Add `use: broker` or `use: database`.',
      })
    } else if (entry.use === 'database') {
      faults.push(...databaseFaults(id, entry))
    } else if (entry.use !== 'broker') {
      const message = `Service ${id} uses the builtin “${entry.use}”, which this console does not have.`
      const remedy = 'Write `use: broker` or `use: database`.'
      faults.push({ code: 'builtin-unknown', path: [...path, 'use'], message, remedy })
    } else if (!Object.hasOwn(entry.ports, 'mqtt')) {
      const message = `Service ${id} is a broker without a port named \`mqtt\`.`
      const port = [...path, 'ports', 'mqtt']
      faults.push({ code: 'value-missing', path: port, message, remedy: 'Add `ports: { mqtt: 1883 }`.' })
    }
  } else if (entry.use !== undefined) {
    const message = `Service ${id} has \`use\`, which is only for services of kind builtin.`
    const remedy = 'Remove `use`, or write `kind: builtin`.'
    faults.push({ code: 'key-not-for-kind', path: [...path, 'use'], at: 'key', message, remedy })
  }
  if (entry.broker !== undefined && (kind !== 'builtin' || entry.use !== 'broker')) {
    const message = `Service ${id} has \`broker\`, which is only for \`kind: builtin\` with \`use: broker\`.`
    const remedy = 'Remove `broker`, or write `kind: builtin` and `use: broker`.'
    faults.push({ code: 'key-not-for-kind', path: [...path, 'broker'], at: 'key', message, remedy })
  }
  if (entry.database !== undefined && (kind !== 'builtin' || entry.use !== 'database')) {
    const message = `Service ${id} has \`database\`, which is only for \`kind: builtin\` with \`use: database\`.`
    const remedy = 'Remove `database`, or make a service of its own with `kind: builtin` and `use: database`.'
    faults.push({ code: 'key-not-for-kind', path: [...path, 'database'], at: 'key', message, remedy })
  }
  return faults
}

function pushFaults(id: string, entry: ServiceEntry): readonly Fault[] {
  if (entry.push !== undefined) {
    if (entry.kind === 'node' || entry.kind === 'process') return []
    const message = `Service ${id} has \`push\`, which is only for services that the console runs.`
    const remedy = 'Remove `push`, or write `kind: node` or `kind: process`.'
    return [{ code: 'key-not-for-kind', path: ['services', id, 'push'], at: 'key', message, remedy }]
  }
  return probeNames.flatMap((name) => {
    const kind = entry[name]?.metric !== undefined ? 'metric' : entry[name]?.pushed !== undefined ? 'pushed' : null
    if (kind === null) return []
    const message = `The ${name} probe of service ${id} looks at what the service pushes, but it has no \`push\`, so it may not push.`
    const remedy = 'Add `push: http` or `push: mqtt` to the service.'
    return [{ code: 'value-missing', path: ['services', id, name, kind], at: 'key' as const, message, remedy }]
  })
}

function hookFaults(id: string, entry: ServiceEntry): readonly Fault[] {
  const path = ['services', id, 'hooks']
  const given = Object.entries(entry.hooks)
  if (entry.kind === 'external' && given.length > 0) {
    const message = `Service ${id} has \`hooks\`, but somebody else starts and stops a service of kind external.`
    const remedy = 'Remove `hooks`, or write `kind: node` or `kind: process`.'
    return [{ code: 'key-not-for-kind', path, at: 'key', message, remedy }]
  }
  return given.flatMap(([name, hook]) => commandFaults([...path, name], `service ${id}`, hook?.run))
}

function limitFaults(id: string, entry: ServiceEntry): readonly Fault[] {
  const { kind, limits } = entry
  if (limits === undefined || kind === 'node' || kind === 'process') return []
  const why = kind === 'builtin' ? 'runs inside the console' : 'is run by somebody else'
  const message = `Service ${id} has \`limits\`, but it ${why}, so nobody knows what it uses.`
  const remedy = 'Remove `limits`, or write `kind: node` or `kind: process`.'
  return [{ code: 'key-not-for-kind', path: ['services', id, 'limits'], at: 'key', message, remedy }]
}

function unitFaults(id: string, { kind, unit }: ServiceEntry): readonly Fault[] {
  if (unit === undefined || kind !== 'builtin') return []
  const message = `Service ${id} has \`unit\`, but it is a part of the console, which no unit of systemd runs.`
  const remedy = 'Remove `unit`, or write `kind: process` or `kind: external`.'
  return [{ code: 'key-not-for-kind', path: ['services', id, 'unit'], at: 'key', message, remedy }]
}

function portFaults(file: SiteFile): readonly Fault[] {
  const faults: Fault[] = []
  const first = new Map<number, string>()
  for (const [id, { ports }] of Object.entries(file.services)) {
    for (const [name, port] of Object.entries(ports)) {
      const holder = first.get(port)
      if (holder === undefined) first.set(port, `${id}.${name}`)
      else {
        const path = ['services', id, 'ports', name]
        const message = `Port ${port} is claimed twice in this site: by ${holder} and by ${id}.${name}.`
        faults.push({ code: 'port-twice', path, message, remedy: 'Give one of the two another port.' })
      }
    }
  }
  return faults
}

/** Two services of one unit would stop it under each other's hands, and each undo what the other did. */
function sharedUnitFaults(file: SiteFile): readonly Fault[] {
  const faults: Fault[] = []
  const first = new Map<string, string>()
  for (const [id, { unit }] of Object.entries(file.services)) {
    if (unit === undefined) continue
    const key = `${unit.of} ${unit.name}`
    const holder = first.get(key)
    if (holder === undefined) first.set(key, id)
    else {
      const message = `The ${unit.of} unit ${unit.name} is named twice in this site: by service ${holder} and by service ${id}.`
      const remedy = `Leave \`unit\` with the service that ${unit.name} runs, and give the other its own or none.`
      faults.push({ code: 'unit-twice', path: ['services', id, 'unit'], message, remedy })
    }
  }
  return faults
}
