import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { describeSiteYaml } from './describe-site-yaml.ts'
import { type Outline, siteOutline } from './schema-outline.ts'

it('docs/site-yaml.md is what the schema says (write describeSiteYaml() to it after a change)', () => {
  expect(readFileSync('docs/site-yaml.md', 'utf8')).toBe(describeSiteYaml())
})

it('every key has a description', () => {
  const bare = (outline: Outline, path: string): string[] =>
    Object.entries(outline.properties ?? {}).flatMap(([key, inner]) => [
      ...(inner.description ? [] : [`${path}.${key}`]),
      ...bare(inner, `${path}.${key}`),
      ...(typeof inner.additionalProperties === 'object' ? bare(inner.additionalProperties, `${path}.${key}.*`) : []),
    ])
  expect(bare(siteOutline(), '')).toEqual([])
})
