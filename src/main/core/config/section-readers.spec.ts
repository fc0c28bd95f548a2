import { expect, it } from 'vitest'
import { loadText, siteText } from '../../../../test/support/site-text.ts'
import { type Section, SectionReaders } from './section-readers.ts'
import type { SiteDefinition } from './types.ts'

async function definition(body: string): Promise<SiteDefinition> {
  const { definition: read } = await loadText(siteText(body))
  if (!read) throw new Error('It is valid.')
  return read
}

function readers(refusing: { part: string; when: (definition: SiteDefinition) => boolean }) {
  const all = new SectionReaders()
  const told: string[] = []
  const add = (part: string, sections: readonly Section[] | 'all') =>
    all.add({
      part,
      sections,
      apply: async (given) => {
        await Promise.resolve()
        if (part === refusing.part && refusing.when(given)) throw new Error('no')
        told.push(`${part} ${given.name}`)
      },
    })
  add('store', ['store', 'name'])
  add('routes', ['routes'])
  add('all', 'all')
  return { all, told }
}

it('tells those parts whose sections changed, and no others', async () => {
  const { all, told } = readers({ part: '', when: () => false })
  const before = await definition('name: A\nstore: { control: 64MB }')
  const after = await definition('name: A\nstore: { control: 65MB }\n# another text')
  expect(await all.apply(before, after, false)).toEqual({ ok: true, parts: ['store', 'all'] })
  expect(told).toEqual(['store A', 'all A'])
  const same = await definition('name: A\nstore: { control: 65MB }')
  expect(await all.apply(after, same, false)).toEqual({ ok: true, parts: [] })
  expect(await all.apply(after, same, true)).toMatchObject({ parts: ['store', 'routes', 'all'] })
})

it('when a part refuses, all that were told get what was before, and those behind it hear nothing', async () => {
  const { all, told } = readers({ part: 'routes', when: ({ name }) => name === 'B' })
  const before = await definition('name: A')
  const after = await definition('name: B\nroutes: { r: { from: a, to: [ { channel: c } ] } }')
  expect(await all.apply(before, after, false)).toMatchObject({ ok: false, part: 'routes', notUndone: [] })
  expect(told).toEqual(['store B', 'store A', 'routes A'])
})

it('a part that does not go back either is named', async () => {
  const { all } = readers({ part: 'store', when: () => true })
  const refused = await all.apply(await definition('name: A'), await definition('name: B'), false)
  expect(refused).toMatchObject({ ok: false, part: 'store', notUndone: ['store'] })
})

it('a reader that was taken away hears nothing', async () => {
  const all = new SectionReaders()
  const reader = all.add({ part: 'x', sections: 'all', apply: () => expect.unreachable() })
  reader[Symbol.dispose]()
  await all.apply(await definition('name: A'), await definition('name: B'), true)
})
