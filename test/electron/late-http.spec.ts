import { expect, test } from 'vitest'
import { withoutHttpImports } from '../../scripts/late-http.ts'

test('what is imported by name from node:http is taken from the loaded module, under the same names', () => {
  const code = [
    'import { a } from "./a.js";',
    'import { createServer, request as request$1 } from "node:http";',
    'run();',
  ]
  expect(withoutHttpImports(code.join('\n')).split('\n')).toEqual([
    'import { a } from "./a.js";',
    'const { createServer, request: request$1 } = process.getBuiltinModule("node:http");',
    'run();',
  ])
})

test('nothing else is touched', () => {
  const code = `import { request } from "node:https";\nconst text = 'import { createServer } from "node:http"';\n`
  expect(withoutHttpImports(code)).toBe(code)
})
