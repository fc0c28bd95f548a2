import { createRequire, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

const ownRequire = createRequire(import.meta.url)

/**
 * Loaded before the script of every `kind: node` service. A bare import that the site's own folders do not offer (`mqtt`,
 * `better-sqlite3`, …) is looked for where the console's own modules lie, so that small services need no installation of
 * their own. What the site brings itself always comes first.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    try {
      return nextResolve(specifier, context)
    } catch (error) {
      if (!isBare(specifier) || !isNotFound(error) || context.parentURL === import.meta.url) throw error
      try {
        // `require` looks from the requiring module, whatever parent it is told, so it is resolved here.
        if (context.conditions.includes('require')) {
          return { url: pathToFileURL(ownRequire.resolve(specifier)).href, format: undefined, shortCircuit: true }
        }
        return nextResolve(specifier, { ...context, parentURL: import.meta.url })
      } catch {
        throw error // the first error names the importing file, which is the one to be corrected
      }
    }
  },
})

/** Neither a path, nor a URL, nor an import of a package from itself. */
function isBare(specifier: string): boolean {
  return !/^(?:\.{0,2}\/|\.{1,2}$|#|[a-z][a-z0-9+.-]*:)/i.test(specifier)
}

function isNotFound(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
}
