import { childOf, isMap } from './documents.ts'
import { nearest } from './nearest.ts'
import { type Fault, pathText } from './problem-report.ts'
import { type Reference, referencesIn, replaceReferences } from './references.ts'
import type { CheckDefinition, ServiceDefinition, SiteDefinition } from './types.ts'
import type { DocumentPath } from './yaml-text.ts'

/** A text of a service in which `${…}` may stand. */
interface Place {
  readonly path: DocumentPath
  readonly text: string
  readonly secrets: boolean
}

/**
 * `${…}` that refer to nothing, and addresses that are none once they are filled in. `document` is the merged file: a port
 * whose number is wrong is told elsewhere, its name counts here.
 */
export function variableFaults(definition: SiteDefinition, document: unknown): readonly Fault[] {
  const ofChecks = Object.values(definition.checks).flatMap(({ id, of, check }) => {
    const path = ['checks', id, check.type]
    const words = check.type === 'command' ? check.run : [textOf(check) ?? '']
    const faults = words.flatMap((text, index) => {
      const place = { path: check.type === 'command' ? wordPath(path, index, document) : path, text, secrets: false }
      return referencesIn(text).flatMap((reference) => referenceFault(reference, place, { id: of ?? '' }, document))
    })
    return faults.length > 0 ? faults : checkAddressFaults(check, ['checks', id])
  })
  const ofServices = Object.values(definition.services).flatMap((service) => {
    const faults = placesOf(service, document).flatMap((place) =>
      referencesIn(place.text).flatMap((reference) => referenceFault(reference, place, service, document)),
    )
    return faults.length > 0 ? faults : addressFaults(service)
  })
  return [...ofServices, ...ofChecks]
}

function placesOf(service: ServiceDefinition, document: unknown): readonly Place[] {
  const ground = ['services', service.id]
  const places: Place[] = [{ path: [...ground, 'cwd'], text: service.cwd, secrets: false }]
  for (const [index, text] of service.run.entries()) {
    places.push({ path: wordPath([...ground, 'run'], index, document), text, secrets: false })
  }
  for (const [name, text] of Object.entries(service.env)) {
    places.push({ path: [...ground, 'env', name], text, secrets: true })
  }
  for (const [name, { password }] of Object.entries(service.broker?.users ?? {})) {
    places.push({ path: [...ground, 'broker', 'users', name, 'password'], text: password ?? '', secrets: true })
  }
  for (const [name, text] of Object.entries(service.pages)) {
    places.push({ path: [...ground, 'pages', name], text, secrets: false })
  }
  const target = service.database?.target
  if (target) {
    const key = target.engine === 'sqlite' ? 'sqlite' : 'postgres'
    const text = target.engine === 'sqlite' ? target.file : target.url
    places.push({ path: [...ground, 'database', key], text, secrets: false })
  }
  for (const name of ['startup', 'readiness', 'liveness'] as const) {
    const check = service.probes[name]?.check
    const text = check && textOf(check)
    if (check && text !== null && text !== undefined) {
      places.push({ path: [...ground, name, check.type], text, secrets: false })
    }
    for (const [index, text] of (check?.type === 'command' ? check.run : []).entries()) {
      places.push({ path: wordPath([...ground, name, 'command'], index, document), text, secrets: false })
    }
  }
  for (const [name, hook] of Object.entries(service.hooks)) {
    const path = hookPath([...ground, 'hooks', name], document)
    for (const [index, text] of (hook?.run ?? []).entries()) {
      places.push({ path: wordPath(path, index, document), text, secrets: false })
    }
  }
  return places
}

/** A callback is a command, or a map that has it under `run`. */
function hookPath(path: DocumentPath, document: unknown): DocumentPath {
  return isMap(path.reduce(childOf, document)) ? [...path, 'run'] : path
}

/** The text of a check in which `${…}` may stand; null for commands, which have several, and for conditions. */
function textOf(check: CheckDefinition): string | null {
  switch (check.type) {
    case 'http':
    case 'mqtt':
    case 'postgres':
      return check.url
    case 'tcp':
      return check.address
    case 'sqlite':
      return check.file
    case 'file':
      return check.path
    case 'command':
    case 'metric':
    case 'pushed':
      return null
  }
}

/** A word of a command written as a list has its own place; of one written as a string, the whole string has. */
function wordPath(path: DocumentPath, index: number, document: unknown): DocumentPath {
  return Array.isArray(path.reduce(childOf, document)) ? [...path, index] : path
}

function referenceFault(
  { name, target }: Reference,
  place: Place,
  service: Pick<ServiceDefinition, 'id'>,
  document: unknown,
): readonly Fault[] {
  if (target.to === 'secret') {
    if (place.secrets) return []
    const message = `${pathText(place.path)} uses the secret \${${name}}, but secrets may only stand in \`env\`.`
    const remedy = 'Hand it over in `env`: what stands in a command or an address can be seen by everybody.'
    return [{ code: 'secret-not-here', path: place.path, message, remedy }]
  }
  const known = knownNames(service, document)
  if (target.to !== 'nothing' && known.includes(name)) return []
  const near = nearest(name, known)
  return [
    {
      code: 'variable-unknown',
      path: place.path,
      message: `${pathText(place.path)} uses \${${name}}, which refers to nothing.`,
      remedy: near
        ? `Write \${${near}}, if that is what was meant; a text that looks like this is written $\${…}.`
        : `Declare the port it names, or use one of ${known.map((one) => `\${${one}}`).join(', ')}.`,
    },
  ]
}

function knownNames(service: Pick<ServiceDefinition, 'id'>, document: unknown): readonly string[] {
  const services = childOf(document, 'services')
  const portsOf = (id: string) => namesIn(childOf(childOf(services, id), 'ports'))
  return [
    ...portsOf(service.id).map((port) => `ports.${port}`),
    'data',
    'logs',
    'release',
    'site',
    ...namesIn(childOf(document, 'settings')).map((setting) => `settings.${setting}`),
    ...namesIn(services).flatMap((id) => portsOf(id).map((port) => `services.${id}.ports.${port}`)),
  ]
}

function namesIn(value: unknown): readonly string[] {
  return isMap(value) ? Object.keys(value) : []
}

function addressFaults(service: ServiceDefinition): readonly Fault[] {
  const faults: Fault[] = []
  const ground = ['services', service.id]
  for (const name of ['startup', 'readiness', 'liveness'] as const) {
    const check = service.probes[name]?.check
    if (check) faults.push(...checkAddressFaults(check, [...ground, name]))
  }
  for (const [title, url] of Object.entries(service.pages)) {
    if (!isWebAddress(url)) faults.push(notAnAddress([...ground, 'pages', title], url))
  }
  return faults
}

function checkAddressFaults(check: CheckDefinition, ground: DocumentPath): readonly Fault[] {
  const path = [...ground, check.type]
  if (check.type === 'http' && !isWebAddress(check.url)) return [notAnAddress(path, check.url)]
  if (check.type === 'mqtt' && !isBrokerAddress(check.url)) {
    const message = `${pathText(path)} is “${shown(check.url)}”, which is not the address of a broker.`
    return [{ code: 'address-bad', path, message, remedy: 'Write it like `mqtt://127.0.0.1:${ports.mqtt}`.' }]
  }
  if (check.type === 'tcp' && !isHostAndPort(check.address)) {
    const message = `${pathText(path)} is “${check.address}”, which is not a host and a port.`
    return [{ code: 'address-bad', path, message, remedy: 'Write it like `127.0.0.1:${ports.http}`.' }]
  }
  return []
}

function notAnAddress(path: DocumentPath, url: string): Fault {
  const message = `${pathText(path)} is “${shown(url)}”, which is not a web address.`
  return { code: 'address-bad', path, message, remedy: 'Write it like `http://127.0.0.1:${ports.http}/health`.' }
}

/** An address without the name and password in it: what is told of site.yaml is logged and shown. */
function shown(address: string): string {
  return address.replace(/\/\/[^/]*@/, '//…@')
}

/** The text with something plausible for each reference: the form of an address does not depend on their values. */
function filled(text: string): string {
  return replaceReferences(text, ({ target }) => (target.to === 'folder' ? '/folder' : '1'))
}

function isWebAddress(text: string): boolean {
  const address = filled(text)
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)
}

function isBrokerAddress(text: string): boolean {
  const address = filled(text)
  if (!URL.canParse(address)) return false
  const { protocol, hostname, password } = new URL(address)
  // A password in an address can be seen by everybody: it belongs in the environment.
  return /^(mqtts?|wss?):$/.test(protocol) && hostname !== '' && password === ''
}

function isHostAndPort(text: string): boolean {
  const [, port = ''] = /^(?:\[[0-9a-fA-F:]+\]|[^\s:/]+):(\d{1,5})$/.exec(filled(text)) ?? []
  return port !== '' && Number(port) >= 1 && Number(port) <= 65_535
}
