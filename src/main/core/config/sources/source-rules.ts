import { isLoopback } from '../loopback-address.ts'
import { nearest } from '../nearest.ts'
import type { Fault } from '../problem-report.ts'
import { isSecret } from '../references.ts'
import type { SiteFile } from '../site-schema.ts'

const day = 86_400_000

/** What the schema cannot say of `sources`. */
export function sourceFaults(file: SiteFile): readonly Fault[] {
  return [...httpFaults(file), ...tableFaults(file)]
}

/** Tables that are none of a database of the site, times out of bounds. */
function tableFaults({ sources: { database }, services }: SiteFile): readonly Fault[] {
  if (!database) return []
  const path = ['sources', 'database']
  const faults: Fault[] = []
  const service = Object.hasOwn(services, database.of) ? services[database.of] : undefined
  if (service?.use !== 'database') {
    const ids = Object.keys(services).filter((id) => services[id]?.use === 'database')
    const near = nearest(database.of, ids) ?? ids[0]
    const message = `sources.database.of is ${database.of}, which is no service of \`use: database\`.`
    const remedy = near === undefined ? 'Declare the database as a service first.' : `Write \`${near}\`.`
    faults.push({ code: 'service-unknown', path: [...path, 'of'], message, remedy })
  }
  if (database.table.length > 130 || !/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/.test(database.table)) {
    const message =
      'sources.database.table is no name of a table: letters, digits and underscores, with at most one dot.'
    faults.push({ code: 'table-bad', path: [...path, 'table'], message, remedy: 'Write `settings`, for instance.' })
  }
  if (database.every < 5_000 || database.every > day) {
    const message = 'sources.database.every is not between 5s and 1d.'
    faults.push({
      code: 'duration-out-of-range',
      path: [...path, 'every'],
      message,
      remedy: 'Write `1m`, for instance.',
    })
  }
  return faults
}

/** Addresses that are none or could be read on their way, tokens in the file, times out of bounds. */
function httpFaults({ sources: { http } }: SiteFile): readonly Fault[] {
  if (!http) return []
  const faults: Fault[] = []
  const fault = (key: string, code: string, message: string, remedy: string) =>
    faults.push({ code, path: ['sources', 'http', key], message, remedy })
  const url = URL.canParse(http.url) ? new URL(http.url) : null
  if (!url || !/^https?:$/.test(url.protocol) || http.url.includes('${')) {
    fault(
      'url',
      'address-bad',
      'sources.http.url is not the address of a document.',
      'Write it like `https://config.example.com/lab.yaml`.',
    )
  } else if (url.username !== '' || url.password !== '') {
    // An address with a password must not be repeated in a message that is shown and logged.
    fault(
      'url',
      'password-in-file',
      'sources.http.url has a name or password in it, where everybody who may read site.yaml sees it.',
      'Hand it over as `token: "${secrets.NAME}"`.',
    )
  } else if (url.protocol === 'http:' && !isLoopback(http.url)) {
    fault(
      'url',
      'address-unprotected',
      `sources.http.url begins with http://, but ${url.hostname} is another machine: whoever sits between could change what this site runs.`,
      'Write `https://`.',
    )
  }
  if (http.token !== undefined && !isSecret(http.token)) {
    fault(
      'token',
      'password-in-file',
      'sources.http.token stands in site.yaml itself, where everybody who may read the file sees it.',
      'Keep it as a secret, and write `token: "${secrets.NAME}"`.',
    )
  }
  if (http.every < 5_000 || http.every > day) {
    fault('every', 'duration-out-of-range', 'sources.http.every is not between 5s and 1d.', 'Write `1m`, for instance.')
  }
  if (http.within < 100 || http.within > 60_000) {
    fault(
      'within',
      'duration-out-of-range',
      'sources.http.within is not between 100ms and 1m.',
      'Write `10s`, for instance.',
    )
  }
  return faults
}
