import { filledIn } from './written.ts'

/** What decides whether a text of site.yaml can be moved into a sandbox. */
export interface Surroundings {
  /** Real path of the live site. */
  readonly live: string
  /** Every port that the site's services have, now or in the snapshot. */
  readonly ports: ReadonlySet<number>
  /** Value of a secret; null when it is not known. */
  readonly secret: (name: string) => string | null
  /** Whether something is there on this machine. */
  readonly exists: (path: string) => boolean
}

/** A text of site.yaml, and where it stands: "its environment variable HTTP_PORT". */
export interface Written {
  readonly where: string
  readonly text: string
  /** The name of a variable, where it is one's value. */
  readonly variable?: string
  /** The program itself, which may lie anywhere on the machine. */
  readonly program?: boolean
}

/**
 * Why a text ties a service to what is outside a sandbox: a port that is written as a number, another machine, a path outside the site. A
 * clause that begins with the place; null when nothing does. A secret is looked at and never quoted.
 */
export function tiedBy(written: Written, around: Surroundings): string | null {
  const { text, secret } = filledIn(written.text, around.secret)
  const shown = (what: string) => (secret ? 'something that is in a secret' : what)
  const found =
    addressIn(text, around, shown) ??
    portIn(written, text, around, shown) ??
    (written.program && !text.startsWith(around.live) ? null : pathIn(text, around, shown))
  return found && `${written.where} ${found}`
}

const url = /([a-z][a-z0-9+.-]*):\/\/(?:[^\s/@]*@)?(\[[^\]]+\]|[^\s/:?#,'"]+)(?::([^\s/?#,'"]*))?[^\s,'"]*/gi
const hostAndPort = /(?<=^|[\s=,;'"])(\[[0-9a-f:]+\]|[a-z0-9.-]*[a-z.][a-z0-9.-]*):(\d{2,5})(?=$|[\s,;/'"])/gi
const number = /(?<![\w.:\0-])(\d{2,5})(?![\w.:\0-])/g

function addressIn(text: string, { ports }: Surroundings, shown: (what: string) => string): string | null {
  for (const [, scheme = '', host = '', port] of text.matchAll(url)) {
    if (scheme.toLowerCase() === 'file') continue
    const found = addressOf(host, port, ports, shown)
    if (found) return found
  }
  for (const [, host = '', port] of text.replaceAll(url, ' ').matchAll(hostAndPort)) {
    const found = addressOf(host, port, ports, shown)
    if (found) return found
  }
  return null
}

function addressOf(
  host: string,
  port: string | undefined,
  ports: ReadonlySet<number>,
  shown: (what: string) => string,
): string | null {
  if (!isThisMachine(host)) return `names another machine, ${shown(host.replaceAll('\0', '…'))}`
  if (port?.includes('\0')) return null
  if (port === undefined || port === '') return `names ${shown(host)} without a port of the site`
  return ports.has(Number(port))
    ? hardCoded(port, shown)
    : `names ${shown(`${host}:${port}`)}, which is no port of the site`
}

function portIn(
  { variable = '' }: Written,
  text: string,
  { ports }: Surroundings,
  shown: (what: string) => string,
): string | null {
  const rest = text.replaceAll(url, ' ')
  for (const [, digits = ''] of rest.matchAll(number)) if (ports.has(Number(digits))) return hardCoded(digits, shown)
  return /(^|_)PORT$/i.test(variable) && /^\d{1,5}$/.test(text) ? hardCoded(text, shown) : null
}

function hardCoded(port: string, shown: (what: string) => string): string {
  return `holds the port ${shown(port)} as a number; name it under \`ports\` and write \${ports.NAME}`
}

/** Where programs and what they only read lie: the same for every copy of a site. */
const readOnly =
  /^\/(usr|bin|sbin|lib|lib32|lib64|etc|opt|nix|snap)(\/|$)|^\/dev\/(null|zero|u?random|std(in|out|err)|tty)$|^\/proc\/self(\/|$)/

function pathIn(text: string, { live, exists }: Surroundings, shown: (what: string) => string): string | null {
  const rest = text.replaceAll(url, ' ')
  if (rest === live || rest.includes(`${live}/`))
    return `points into the live site; write \${site}, \${data} or \${release}`
  for (const [, path = ''] of rest.matchAll(/(?<=^|[\s=:,;'"])(\/[^\s:,;'"]+)/g)) {
    if (readOnly.test(path) || path.includes('\0')) continue
    const [, first = ''] = path.split('/')
    if (exists(`/${first}`)) return `names ${shown(path)}, which is outside the site`
  }
  return null
}

/** Whether paths may lead there out of a sandbox: nothing of a site is written there. */
export function isReadOnlyPlace(path: string): boolean {
  return readOnly.test(path)
}

function isThisMachine(host: string): boolean {
  return /^(localhost|0\.0\.0\.0|\[::1?\]|127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/i.test(host)
}
