export { brokerSettings } from './broker-definition.ts'
export { brokerNames, embeddedBroker } from './broker-names.ts'
export { brokerPasswords, passwordOf } from './broker-passwords.ts'
export { largestFallback } from './dependency-rules.ts'
export { resolveDependencyHeaders, resolveDependencyUrl } from './dependency-variables.ts'
export { describeSiteYaml } from './describe-site-yaml.ts'
export { parseDuration } from './duration.ts'
export { type ExportFormat, exportConfig } from './export/export-config.ts'
export { siteJsonSchema } from './export/json-schema.ts'
export { type FigureCondition, figureCondition } from './figure-condition.ts'
export { withKeep } from './keep-text.ts'
export { fixedKeys, type Layer, type SourceKind } from './layers/layer.ts'
export type { GivenSources } from './layers/site-layers.ts'
export type { PathValue } from './layers/texts.ts'
export { typedText } from './layers/typed-text.ts'
export { type ConfigValue, isSecretText, valuesInUse } from './layers/values.ts'
export { checkSite, type LoadOptions, loadSite, type RouteMistake } from './load-site.ts'
export { nearest } from './nearest.ts'
export { type PasswordHash, parsePasswordHash } from './password-hash.ts'
export { type PostgresAddress, postgresAddress } from './postgres-address.ts'
export type { Rate } from './rate.ts'
export { shippedPolicies } from './recovery-defaults.ts'
export { referencesIn } from './references.ts'
export { releaseFolder } from './release-folder.ts'
export { type ChangedSiteText, type RouteTextPlace, routeText, withRouteText } from './route-text.ts'
export { installSampleSite, isSampleSite, resetSampleSite } from './sample.ts'
export { openSecrets, type Secrets } from './secrets.ts'
export { changedSections, type Section, type SectionReader, SectionReaders } from './section-readers.ts'
export { commandsOf, type SiteCommand } from './site-commands.ts'
export { diskFaults } from './site-files.ts'
export { openSiteKey, type SiteKey } from './site-key.ts'
export { readSiteText, type SiteText } from './site-text.ts'
export { parseSize } from './size.ts'
export { askSource, type SourceAnswer } from './sources/ask-source.ts'
export {
  type AskedSource,
  askedSources,
  type KeptSource,
  keptSourceFile,
  longestSource,
  readKeptSource,
  sourceLayer,
  writeKeptSource,
} from './sources/kept-source.ts'
export { mostSourceRows, tableName } from './sources/table-layer.ts'
export { openTrust, TrustStore, trustFingerprint } from './trust.ts'
export type * from './types.ts'
export {
  isScript,
  type Referrer,
  resolveCheck,
  resolveCommand,
  resolveCwd,
  resolveDatabase,
  resolveEnv,
  resolveHook,
  resolvePages,
  resolvePorts,
  resolveProbe,
  resolveRun,
  resolveVariables,
  variablesOf,
} from './variables.ts'
export { ConfigRecords, type VersionRow, versionBounds } from './versions/config-records.ts'
export { type ConfigChange, changesBetween } from './versions/difference.ts'
export { type LastGood, readLastGood, writeLastGood } from './versions/last-good.ts'
export { type ConfigSources, digestOf, type Override } from './versions/sources.ts'
export { configSchema } from './versions/tables.ts'
export { type WebhookCall, webhookCall } from './webhook-call.ts'
