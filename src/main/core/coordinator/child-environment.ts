/** What a service may see of the console's own environment. Nothing else of it reaches a child. */
const allowed: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'SYSTEMROOT',
  'TEMP',
  'TMP',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'PATHEXT',
  'COMSPEC',
])

/** What marks a child: it is how descendants are found again, and how they know where they belong. */
export interface Marks {
  readonly run: string
  readonly operation: string | null
  readonly site: string
  readonly service: string
}

/**
 * The whole environment of a child: the allowed part of the console's, its ports as `PORT_<NAME>`, what site.yaml gives it,
 * and the marks, which nothing overrides.
 */
export function childEnvironment(
  console: Readonly<Record<string, string | undefined>>,
  own: Readonly<Record<string, string>>,
  ports: Readonly<Record<string, number>>,
  marks: Marks,
): Readonly<Record<string, string>> {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(console)) {
    if (value !== undefined && (allowed.has(name.toUpperCase()) || name.startsWith('LC_'))) environment[name] = value
  }
  for (const [name, port] of Object.entries(ports)) environment[portVariable(name)] = String(port)
  Object.assign(environment, own)
  environment.WHEELHOUSE_RUN = marks.run
  environment.WHEELHOUSE_SITE = marks.site
  environment.WHEELHOUSE_SERVICE = marks.service
  if (marks.operation === null) delete environment.WHEELHOUSE_OPERATION
  else environment.WHEELHOUSE_OPERATION = marks.operation
  return environment
}

/** `http-admin` → `PORT_HTTP_ADMIN`. */
export function portVariable(name: string): string {
  return `PORT_${name.toUpperCase().replaceAll('-', '_')}`
}
