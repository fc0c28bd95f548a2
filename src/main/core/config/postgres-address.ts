/** Where a PostgreSQL database is, and as whom to connect. Never holds a password. */
export interface PostgresAddress {
  readonly user: string
  readonly host: string
  readonly port: number
  readonly name: string
  /** `verify-full` checks the server's certificate; `require` encrypts only. */
  readonly tls: 'off' | 'require' | 'verify-full'
}

export type AddressReading =
  | { readonly ok: true; readonly address: PostgresAddress }
  /** What is wrong with it, as the end of a sentence, and what to do. `password` when one stands in it. */
  | { readonly ok: false; readonly what: 'password' | 'form'; readonly why: string; readonly remedy: string }

const form = 'Write it like `postgres://app@127.0.0.1:5432/app`.'

/** Reads `postgres://user@host:port/name`. A host that is a folder (a Unix socket) is percent-encoded: `%2Frun%2Fpostgresql`. */
export function postgresAddress(text: string): AddressReading {
  const bad = (why: string): AddressReading => ({ ok: false, what: 'form', why, remedy: form })
  if (!URL.canParse(text)) return bad('which is not an address')
  const url = new URL(text)
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') return bad('which is not a `postgres://` address')
  if (url.password !== '' || url.searchParams.has('password')) {
    const remedy =
      'Take the password out of the address, keep it as a secret, and write `env: { PGPASSWORD: "${secrets.NAME}" }`.'
    return { ok: false, what: 'password', why: 'in which a password stands', remedy }
  }
  if (url.username === '') return bad('which names no user')
  if (url.hostname === '') return bad('which names no host')
  const name = decoded(url.pathname.slice(1))
  if (name === '' || name.includes('/')) return bad('which names no database')
  const unknown = [...url.searchParams.keys()].find((key) => key !== 'sslmode')
  if (unknown !== undefined)
    return bad(`whose parameter \`${unknown}\` is not one of the console’s: there is \`sslmode\``)
  const mode = url.searchParams.get('sslmode') ?? 'disable'
  if (mode !== 'disable' && mode !== 'require' && mode !== 'verify-full') {
    return bad(`whose sslmode \`${mode}\` is not one of \`disable\`, \`require\`, \`verify-full\``)
  }
  return {
    ok: true,
    address: {
      user: decoded(url.username),
      host: decoded(url.hostname.replace(/^\[(.*)\]$/, '$1')),
      port: url.port === '' ? 5432 : Number(url.port),
      name,
      tls: mode === 'disable' ? 'off' : mode,
    },
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
