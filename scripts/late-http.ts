import type { Plugin } from 'vite'

const imported = /^import \{([^}]*)\} from (["'])node:http\2;?$/gm

/**
 * Takes `node:http` into a built file as it is, instead of by an import: an import of a builtin reads every one of its exports, and Node 24 loads
 * its whole HTTP client (undici) for those of `node:http` that are only kept for browsers' sake. That costs 37 ms of processor time, in each
 * of our processes and threads.
 */
export function lateHttp(): Plugin {
  return {
    name: 'wheelhouse:late-http',
    apply: 'build',
    renderChunk: (code) => {
      const rewritten = withoutHttpImports(code)
      return rewritten === code ? null : { code: rewritten, map: null }
    },
  }
}

/** The same text; what it imported by name from `node:http` is taken from the module that Node has loaded by itself. Lines stay where they were. */
export function withoutHttpImports(code: string): string {
  return code.replace(
    imported,
    (_, names: string) => `const {${names.replaceAll(' as ', ': ')}} = process.getBuiltinModule("node:http");`,
  )
}
