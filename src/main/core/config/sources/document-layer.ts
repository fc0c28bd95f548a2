import { isMap } from '../documents.ts'
import { fileLayer, type Layer } from '../layers/layer.ts'
import { readYaml } from '../yaml-text.ts'

/** A YAML or JSON document that an address gave as a layer; or why it is none, as the end of a sentence. */
export function documentLayer(url: string, text: string): { readonly layer: Layer } | { readonly why: string } {
  const read = readYaml(text, url)
  if (!read.ok) return { why: read.problems[0]?.message ?? 'it cannot be read.' }
  if (!isMap(read.yaml.value)) return { why: 'its answer has no keys.' }
  return { layer: fileLayer('http', url, url, read.yaml) }
}
