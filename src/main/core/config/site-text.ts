import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConfigProblem } from '#shared/contract/state.ts'

/** site.yaml as it lies on disk. */
export interface SiteText {
  readonly file: string
  readonly text: string
  /** Of its bytes, in hex. */
  readonly sha256: string
}

/** Larger than any file that people write; anything beyond is not a site.yaml. */
const largest = 1024 * 1024

/** Reads the site's file, or says in one problem why that cannot be done. */
export async function readSiteText(directory: string): Promise<SiteText | ConfigProblem> {
  const file = join(directory, 'site.yaml')
  const problem = (code: string, message: string, remedy: string): ConfigProblem => ({
    code,
    file,
    line: null,
    column: null,
    path: '',
    message,
    remedy,
  })
  try {
    const { size } = await stat(file)
    if (size > largest) {
      const message = `${file} is ${(size / largest).toFixed(1)} MB large; a site.yaml has at most 1 MB.`
      return problem('site-file-too-big', message, 'Check that this is the right file; keep data out of it.')
    }
    const bytes = await readFile(file)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (text.trim() === '') {
      const remedy = 'Write at least `wheelhouse: 1` and `site: <id>`, or restore the newest snapshot.'
      return problem('site-file-empty', `${file} is empty.`, remedy)
    }
    return { file, text, sha256: createHash('sha256').update(bytes).digest('hex') }
  } catch (error) {
    return problem(...unreadable(error, file, directory))
  }
}

/** Reads another text of the site, or says in the end of a sentence ("which …") why that cannot be done. */
export async function readTextFile(file: string): Promise<{ readonly text: string } | { readonly why: string }> {
  try {
    const found = await stat(file)
    if (!found.isFile()) return { why: 'is not a file' }
    if (found.size > largest) return { why: `is ${(found.size / largest).toFixed(1)} MB large, more than 1 MB` }
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)) }
  } catch (error) {
    if (error instanceof TypeError) return { why: 'is not a text in UTF-8' }
    return { why: `cannot be read (${error instanceof Error ? error.message : String(error)})` }
  }
}

function unreadable(error: unknown, file: string, directory: string): [code: string, message: string, remedy: string] {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return [
        'site-file-missing',
        `There is no site.yaml in ${directory}.`,
        'Choose the folder that holds the site, write a site.yaml there, or restore the newest snapshot.',
      ]
    case 'EISDIR':
      return ['site-file-unreadable', `${file} is a folder, not a file.`, 'Put the file site.yaml in its place.']
    case 'EACCES':
    case 'EPERM':
      return [
        'site-file-unreadable',
        `${file} may not be read by this user.`,
        `Give this user the right to read it, for example with \`chmod u+r ${file}\`.`,
      ]
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return [
        'site-file-not-utf8',
        `${file} is not a text in UTF-8.`,
        'Save it as UTF-8, or restore the newest snapshot.',
      ]
    default:
      return [
        'site-file-unreadable',
        `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
        'Check the disk, then reload; or restore the newest snapshot.',
      ]
  }
}
