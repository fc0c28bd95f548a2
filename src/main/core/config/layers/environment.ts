import type { Layer } from './layer.ts'
import { pathLayer, pathOfName } from './texts.ts'
import { typedText } from './typed-text.ts'

const prefix = 'WHEELHOUSE_SITE__'
/** More variables than a person sets. */
const most = 500

/**
 * `WHEELHOUSE_SITE__services__api__env__LOG=debug` as a layer; null when there is none. `document` is what the layers below say: its ids are
 * what the names are compared with.
 */
export function environmentLayer(
  environment: Readonly<Record<string, string | undefined>>,
  document: unknown,
): Layer | null {
  const values = Object.entries(environment)
    .filter(([name, text]) => name.startsWith(prefix) && text !== undefined)
    .slice(0, most)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, text = '']) => {
      const path = pathOfName(name.slice(prefix.length).split('__'), document)
      return {
        path,
        value: typedText(text, path),
        place: { file: `environment variable ${name}`, line: null, column: null },
      }
    })
  return values.length === 0 ? null : pathLayer('environment', 'environment', values)
}
