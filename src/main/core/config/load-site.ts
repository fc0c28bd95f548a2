import type { ConfigProblem } from '#shared/contract/state.ts'
import { environmentNames } from '#shared/environment.ts'
import { idSchema } from '#shared/vocabulary.ts'
import { backupFaults } from './backup-rules.ts'
import { brokerLinkFaults } from './broker-link-rules.ts'
import { toDefinition } from './definition.ts'
import { dependencyFaults, fallbackFileFaults } from './dependency-rules.ts'
import { deployFaults } from './deploy-rules.ts'
import { deviceFaults } from './device-rules.ts'
import { childOf, isMap } from './documents.ts'
import { drillFaults } from './drill-rules.ts'
import { readIncludes } from './layers/includes.ts'
import { type Composition, compose, fileLayer, fixedKeysIn, type Layer } from './layers/layer.ts'
import { composeSite, type GivenSources } from './layers/site-layers.ts'
import { nearest } from './nearest.ts'
import { needFaults, needWarnings } from './need-rules.ts'
import { phaseFaults } from './phase-rules.ts'
import { type Fault, leadsInto, placed } from './problem-report.ts'
import { withShippedPolicies } from './recovery-defaults.ts'
import { recoveryFaults } from './recovery-rules.ts'
import { releaseFolder } from './release-folder.ts'
import { functionFileFaults } from './route-function-rules.ts'
import { routeFaults } from './route-rules.ts'
import { checkSchema } from './schema-faults.ts'
import { laterPaths, siteOutline } from './schema-outline.ts'
import { serviceFaults } from './service-rules.ts'
import { settingFaults, withSettings } from './settings.ts'
import { diskFaults, type Ground, pathFaults } from './site-files.ts'
import { readSiteText, type SiteText } from './site-text.ts'
import { keptLayers } from './sources/kept-source.ts'
import { sourceFaults } from './sources/source-rules.ts'
import { targetFaults } from './target-rules.ts'
import type { DeviceDefinition, LoadedSite, PolicyDefinition, RouteDefinition, SiteDefinition } from './types.ts'
import { variableFaults } from './variable-rules.ts'
import { verificationFaults } from './verification-rules.ts'
import { type DocumentPath, readYaml } from './yaml-text.ts'

const environments: readonly string[] = environmentNames

/** A mistake that the messaging part finds. `path` is within the route: `where`, `to.0.mqtt`. */
export interface RouteMistake {
  readonly path: string
  readonly message: string
  readonly remedy: string
}

export interface LoadOptions {
  /** Id of the profile to merge over the file. */
  readonly profile?: string | null
  /** The messaging part's check of one route: its filters in detail, its expressions. */
  readonly checkRoute?: (route: RouteDefinition) => readonly RouteMistake[]
  /** The same for all routes together, circles between them included. Asked instead of `checkRoute` when both are given. */
  readonly checkRoutes?: (routes: readonly RouteDefinition[]) => readonly (RouteMistake & { readonly route: string })[]
  /** The messaging part's check of the expressions of devices; `path` is within the device. */
  readonly checkDevices?: (
    devices: readonly DeviceDefinition[],
  ) => readonly (RouteMistake & { readonly device: string })[]
  /** The recovery part's check of the expressions of policies; `path` is within the policy. */
  readonly checkPolicies?: (
    policies: readonly PolicyDefinition[],
  ) => readonly (RouteMistake & { readonly policy: string })[]
  /** Folder of the release that it is checked against; the one in use unless given. */
  readonly release?: string
  /** Folders in which bare programs are looked for; by default PATH of this process. */
  readonly searchPath?: string
  /** What is laid over the files; nothing by default. */
  readonly given?: GivenSources
  /** Whether what sources said last counts, where `given` does not say what they say. */
  readonly kept?: boolean
  /** Texts to take for the files of `include`, by name, instead of those on disk. */
  readonly includes?: ReadonlyMap<string, string>
}

/**
 * Reads and checks site.yaml in a site folder (absolute path). Never rejects for what is on disk: the result is a
 * definition, or every mistake at once, each with line and remedy. The profiles that were not chosen are checked as well.
 */
export async function loadSite(directory: string, options: LoadOptions = {}): Promise<LoadedSite> {
  const source = await readSiteText(directory)
  return 'code' in source ? invalid([source]) : await checkSite(directory, source, options)
}

/** The same for a text that need not lie on disk yet, as if it were the site.yaml of the folder. */
export async function checkSite(directory: string, source: SiteText, options: LoadOptions = {}): Promise<LoadedSite> {
  const reading = readYaml(source.text, source.file)
  if (!reading.ok) return invalid(reading.problems)
  const file = fileLayer('site-file', 'site.yaml', source.file, reading.yaml)
  const profile = options.profile ?? null
  const place = (fault: Fault) => placed(fault, source.file, composed)
  const unusable = documentFaults(file)
  if (unusable.length > 0)
    return invalid(
      unusable.map((fault) => placed(fault, source.file, compose([file]))),
      file.value,
    )
  const includes = await readIncludes(directory, file.value, options.includes)
  const files = [file, ...includes.layers]
  const given = options.kept ? { ...(await keptLayers(directory, file.value)), ...options.given } : options.given
  const composed = composeSite(files, profile, given)
  const composition = { composed, includes: includes.texts, site: source.text }
  const ofLayers = [
    ...includes.problems,
    ...fixedKeyProblems(composed),
    ...[...includes.faults, ...layerFaults(composed, profile)].map(place),
  ]

  const chosen = examine(composed, source, options)
  const others = profileIds(composed.value)
    .filter((id) => id !== profile)
    .flatMap((id) => {
      const other = composeSite(files, id, given)
      return examine(other, source, options).problems.filter(({ layer }) => layer === 'profile')
    })
    .map(({ problem }) => problem)
  const problems = [...ofLayers, ...chosen.problems.map((found) => found.problem), ...others]
  if (!chosen.definition) return invalid(problems, composed.value, source.file)

  const ground: Ground = {
    directory,
    release: options.release ?? (await releaseFolder(directory)),
    searchPath: options.searchPath ?? process.env.PATH ?? '',
  }
  const inFile = [...problems, ...pathFaults(chosen.definition, ground).map(place)]
  const fallbacks = await fallbackFileFaults(chosen.definition, ground.release)
  const functions = await functionFileFaults(chosen.definition, ground.release)
  const onDisk = [...(await diskFaults(chosen.definition, ground)), ...fallbacks, ...functions].map(place)
  const all = [...inFile, ...onDisk]
  if (all.length === 0) {
    return { valid: true, definition: chosen.definition, warnings: inOrder(chosen.warnings, source.file), composition }
  }
  const refused = invalid(all, composed.value, source.file)
  return inFile.length === 0 ? { ...refused, definition: chosen.definition, composition } : refused
}

/** What the layers say together, without looking at the disk. */
function examine(composed: Composition, source: SiteText, options: LoadOptions) {
  const document = withSettings(withShippedPolicies(composed.value))
  const { faults, usable } = checkSchema(document)
  const definition = usable && toDefinition(usable, { file: source.file, sha256: source.sha256 })
  const found: Fault[] = []
  if (usable && definition) {
    const services = childOf(document, 'services')
    found.push(...verificationFaults(usable), ...settingFaults(usable.settings))
    found.push(...serviceFaults(usable), ...needFaults(usable, isMap(services) ? Object.keys(services) : []))
    found.push(
      ...phaseFaults(usable),
      ...dependencyFaults(usable),
      ...brokerLinkFaults(usable),
      ...deployFaults(usable),
      ...drillFaults(usable),
      ...backupFaults(usable),
      ...targetFaults(usable),
      ...sourceFaults(usable),
    )
    const devices = deviceFaults(usable)
    found.push(...devices, ...expressionFaults(definition, devices, options))
    const routes = routeFaults(usable)
    const policies = recoveryFaults(usable)
    found.push(...policies, ...policyFaults(definition, policies, options))
    found.push(...routes, ...variableFaults(definition, document))
    found.push(...messagingFaults(definition, routes, options))
  }
  // What a rule says of a place where the schema left something out is only a consequence.
  const hidden = (fault: Fault) => faults.some(({ path }) => leadsInto(path, fault.path))
  const warnings = usable && definition ? [...needWarnings(usable), ...siteWarnings(definition, document)] : []
  return {
    definition,
    problems: [...faults, ...found.filter((fault) => !hidden(fault))].map((fault) => ({
      problem: placed(fault, source.file, composed),
      layer: composed.layerOf(fault.path)?.kind,
    })),
    warnings: warnings.map((fault) => placed(fault, source.file, composed)),
  }
}

/** What is wrong with the file as a whole, so that nothing else is worth saying. */
function documentFaults({ value, name: file }: Layer): readonly Fault[] {
  if (!isMap(value)) {
    const message = `${file} has no keys: a site.yaml is a map that begins with \`wheelhouse: 1\`.`
    const remedy = 'Write at least `wheelhouse: 1` and `site: <id>`, or restore the newest snapshot.'
    return [{ code: value === null ? 'site-file-empty' : 'value-wrong-type', path: [], message, remedy }]
  }
  const version = value.wheelhouse
  if (typeof version !== 'number' || version <= 1) return []
  const message = `${file} was written for version ${version} of the site format; this console knows version 1.`
  const remedy = 'Update the console, then open the site again.'
  return [{ code: 'site-newer', path: ['wheelhouse'], message, remedy }]
}

/** What is wrong with how the layers are put together: keys that they may not have, profiles that are none. */
function layerFaults(composed: Composition, profile: string | null): readonly Fault[] {
  const faults: Fault[] = []
  const known = profileIds(composed.value)
  for (const id of known) {
    const path = ['profiles', id]
    const overlay = childOf(childOf(composed.value, 'profiles'), id)
    if (!isMap(overlay)) {
      const message = `Profile ${id} is not a map.`
      const remedy = 'Write the keys of site.yaml that it changes below it.'
      faults.push({ code: 'value-wrong-type', path, message, remedy })
    }
    for (const key of fixedKeysIn('profile', overlay)) {
      const message = `Profile ${id} has the key \`${key}\`, which a profile cannot change.`
      faults.push({ code: 'key-not-in-profile', path: [...path, key], at: 'key', message, remedy: 'Remove it.' })
    }
  }
  // A site need not have a profile for each environment of the console; it is used where there is one.
  if (profile !== null && !known.includes(profile) && !environments.includes(profile)) {
    const near = nearest(profile, known)
    const message = `There is no profile ${profile} in site.yaml.`
    const remedy = near
      ? `Choose \`${near}\`.`
      : `Choose one of: ${known.join(', ') || 'none, for the file has no profiles'}.`
    faults.push({ code: 'profile-unknown', path: ['profiles'], at: 'key', message, remedy })
  }
  return faults
}

/** Keys that only site.yaml itself may have, in another layer. */
function fixedKeyProblems(composed: Composition): readonly ConfigProblem[] {
  return composed.layers
    .filter(({ kind }) => kind !== 'profile')
    .flatMap((layer) =>
      fixedKeysIn(layer.kind, layer.value).map((key) => ({
        ...(layer.find([key], 'key') ?? { file: layer.name, line: null, column: null }),
        code: 'key-not-in-layer',
        path: key,
        message: `${layer.name} has \`${key}\`, which only site.yaml itself may have.`,
        remedy: 'Remove it there.',
      })),
    )
}

/** Routes that already have a mistake of form are not handed on: what would be said of them follows from it. */
function messagingFaults(
  definition: SiteDefinition,
  known: readonly Fault[],
  { checkRoute, checkRoutes }: LoadOptions,
): readonly Fault[] {
  const faulty = new Set(known.map((fault) => fault.path[1]))
  const routes = Object.values(definition.routes).filter((route) => !faulty.has(route.id))
  const each = () =>
    routes.flatMap((route) => (checkRoute?.(route) ?? []).map((mistake) => ({ ...mistake, route: route.id })))
  return (checkRoutes?.(routes) ?? each()).map(({ route, path, message, remedy }) => ({
    code: 'route-invalid',
    path: ['routes', route, ...stepsOf(path)],
    message,
    remedy,
  }))
}

/** What the messaging part says of devices that have no mistake of form. */
function expressionFaults(
  definition: SiteDefinition,
  known: readonly Fault[],
  { checkDevices }: LoadOptions,
): readonly Fault[] {
  const faulty = new Set(known.map((fault) => fault.path[1]))
  const devices = Object.values(definition.devices).filter(({ id }) => !faulty.has(id))
  return (checkDevices?.(devices) ?? []).map(({ device, path, message, remedy }) => ({
    code: 'device-invalid',
    path: ['devices', device, ...path.split('.')],
    message,
    remedy,
  }))
}

/** What the recovery part says of policies that have no mistake of form. */
function policyFaults(
  definition: SiteDefinition,
  known: readonly Fault[],
  { checkPolicies }: LoadOptions,
): readonly Fault[] {
  const faulty = new Set(known.map((fault) => fault.path[1]))
  const policies = Object.values(definition.recovery).filter(({ id }) => !faulty.has(id))
  return (checkPolicies?.(policies) ?? []).map(({ policy, path, message, remedy }) => ({
    code: 'policy-invalid',
    path: ['recovery', policy, ...stepsOf(path)],
    message,
    remedy,
  }))
}

function siteWarnings(definition: SiteDefinition, document: unknown): readonly Fault[] {
  const warnings: Fault[] = laterPaths(siteOutline(), document).map((path) => ({
    code: 'not-yet-in-force',
    path,
    at: 'key',
    message: `\`${path.at(-1)}\` is accepted, but this version of the console does not act on it yet.`,
    remedy: 'Nothing needs to be done; do not rely on it.',
  }))
  if (Object.keys(definition.services).length === 0) {
    const message = 'The site has no services, so there is nothing to run.'
    warnings.push({
      code: 'no-services',
      path: ['services'],
      at: 'key',
      message,
      remedy: 'Describe them under `services`.',
    })
  }
  return warnings
}

function profileIds(document: unknown): readonly string[] {
  const profiles = childOf(document, 'profiles')
  return isMap(profiles) ? Object.keys(profiles) : []
}

/** `to.0.mqtt` or `to[0].mqtt` as steps. */
function stepsOf(path: string): DocumentPath {
  return (path.match(/[^.[\]]+/g) ?? []).map((step) => (/^\d+$/.test(step) ? Number(step) : step))
}

function invalid(
  problems: readonly ConfigProblem[],
  document?: unknown,
  siteFile?: string,
): Extract<LoadedSite, { valid: false }> {
  // The id becomes part of paths, so only one that is right is passed on; any text can be a name.
  const id = idSchema.safeParse(childOf(document, 'site')).data ?? null
  const name = childOf(document, 'name')
  return {
    valid: false,
    problems: inOrder(problems, siteFile),
    id,
    name: typeof name === 'string' && name !== '' ? name : id,
  }
}

/** In reading order, site.yaml first, each place and mistake once. */
function inOrder(problems: readonly ConfigProblem[], siteFile?: string): readonly ConfigProblem[] {
  const unique = new Map(
    problems.map((problem) => [
      `${problem.file}:${problem.line}:${problem.column}:${problem.code}:${problem.message}`,
      problem,
    ]),
  )
  const rank = ({ file }: ConfigProblem) => (siteFile === undefined || file === siteFile ? '' : file)
  return [...unique.values()].sort(
    (one, other) =>
      (rank(one) < rank(other) ? -1 : rank(one) > rank(other) ? 1 : 0) ||
      (one.line ?? 0) - (other.line ?? 0) ||
      (one.column ?? 0) - (other.column ?? 0),
  )
}
