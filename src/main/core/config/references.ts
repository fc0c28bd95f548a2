/** A `${…}` in a text of site.yaml. */
export interface Reference {
  /** What stands between the braces, trimmed. */
  readonly name: string
  readonly target:
    | { readonly to: 'own-port'; readonly port: string }
    | { readonly to: 'port'; readonly service: string; readonly port: string }
    | { readonly to: 'folder'; readonly folder: 'site' | 'release' | 'data' | 'logs' }
    | { readonly to: 'secret'; readonly secret: string }
    | { readonly to: 'nothing' }
}

/** `$${x}` is the text `${x}`; everything else in braces after a dollar sign is a reference. */
const pattern = /\$\$\{|\$\{([^}]*)\}/g

/** Every reference in a text, in order. */
export function referencesIn(text: string): readonly Reference[] {
  return [...text.matchAll(pattern)].flatMap(([, name]) => (name === undefined ? [] : [readReference(name)]))
}

/** The text with each reference replaced. */
export function replaceReferences(text: string, replacement: (reference: Reference) => string): string {
  return text.replaceAll(pattern, (_, name: string | undefined) =>
    name === undefined ? '${' : replacement(readReference(name)),
  )
}

/** One reference to a secret and nothing beside it. */
export function isSecret(text: string): boolean {
  const [reference, ...others] = referencesIn(text)
  return reference?.target.to === 'secret' && others.length === 0 && /^\$\{[^}]*\}$/.test(text)
}

function readReference(inner: string): Reference {
  const name = inner.trim()
  const [first = '', ...rest] = name.split('.')
  return { name, target: targetOf(first, rest) }
}

function targetOf(first: string, rest: readonly string[]): Reference['target'] {
  const [second, third, fourth] = rest
  if (first === 'site' || first === 'release' || first === 'data' || first === 'logs') {
    return rest.length === 0 ? { to: 'folder', folder: first } : { to: 'nothing' }
  }
  if (first === 'ports' && second && rest.length === 1) return { to: 'own-port', port: second }
  if (first === 'secrets' && second && rest.length === 1) return { to: 'secret', secret: second }
  if (first === 'services' && second && third === 'ports' && fourth && rest.length === 3) {
    return { to: 'port', service: second, port: fourth }
  }
  return { to: 'nothing' }
}
