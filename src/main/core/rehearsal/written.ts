/** `$${x}` is the text `${x}`; everything else in braces after a dollar sign is a reference. */
const pattern = /\$\$\{|\$\{([^}]*)\}/g

/**
 * A text of site.yaml with the values of its secrets, and a zero character for every other reference: those lead into the sandbox.
 * `secret` says whether a value of a secret is in it. A secret that is not known stands as a reference.
 */
export function filledIn(
  text: string,
  secretOf: (name: string) => string | null,
): { readonly text: string; readonly secret: boolean } {
  let secret = false
  const filled = text.replaceAll(pattern, (_, name: string | undefined) => {
    if (name === undefined) return '${'
    const [, of] = /^\s*secrets\.(.+?)\s*$/.exec(name) ?? []
    const value = of === undefined ? null : secretOf(of)
    if (value === null) return '\0'
    secret = true
    return value
  })
  return { text: filled, secret }
}
