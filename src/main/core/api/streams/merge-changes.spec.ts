import { describe, expect, it } from 'vitest'
import type { StateChange } from '#core/state/index.ts'
import { storeView } from '../../../../../test/support/store-view.ts'
import { mergeChanges } from './merge-changes.ts'

const store = (at: number) => storeView({ at })

describe('merging changes for a client without credit', () => {
  it('keeps the later entity of each id and everything that only one of them has', () => {
    const earlier: StateChange = { store: { a: store(1), b: store(1) } }
    const later: StateChange = { store: { b: store(2), c: store(2) } }
    expect(mergeChanges(earlier, later)).toEqual({ store: { a: store(1), b: store(2), c: store(2) } })
  })

  it('lets a deletion win over an earlier set, and a later set over a deletion', () => {
    expect(mergeChanges({ store: { a: store(1) } }, { store: { a: null } })).toEqual({ store: { a: null } })
    expect(mergeChanges({ store: { a: null } }, { store: { a: store(3) } })).toEqual({ store: { a: store(3) } })
  })

  it('does not invent slices that neither touched', () => {
    expect(Object.keys(mergeChanges({ store: {} }, {}))).toEqual(['store'])
  })
})
