import { pathKeyOf } from '#shared/path-key.ts'
import { ConsoleError } from '#shared/problem.ts'

/** A path below the site folder as it is written on the command line. Throws `path-invalid`. */
export function readPath(text: string): string {
  const key = pathKeyOf(text)
  if (key !== undefined) return key
  throw new ConsoleError(
    'path-invalid',
    `"${text}" is no path below the site folder.`,
    'Write it from the site folder on, such as data/app.db; it holds no "..", and .wheelhouse is no part of a snapshot.',
    { params: { path: text } },
  )
}
