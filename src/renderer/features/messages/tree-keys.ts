import { useRef } from 'react'

/** A line of a tree, as far as keys are concerned. */
export interface TreeLine {
  readonly name: string
  readonly depth: number
  readonly expandable: boolean
  readonly expanded: boolean
}

/** What a key does in a tree, as the ARIA practices for trees describe it; null: nothing. Lines that are seen, and the current one (-1: none). */
export function movedInTree<Row extends TreeLine>(
  key: string,
  rows: readonly Row[],
  current: number,
): { readonly do: 'go'; readonly to: number } | { readonly do: 'open' | 'close'; readonly row: Row } | null {
  const row = rows[current]
  const page = 15
  switch (key) {
    case 'ArrowDown':
      return { do: 'go', to: Math.min(rows.length - 1, current + 1) }
    case 'ArrowUp':
      return { do: 'go', to: Math.max(0, current - 1) }
    case 'PageDown':
      return { do: 'go', to: Math.min(rows.length - 1, current + page) }
    case 'PageUp':
      return { do: 'go', to: Math.max(0, current - page) }
    case 'Home':
      return { do: 'go', to: 0 }
    case 'End':
      return { do: 'go', to: rows.length - 1 }
    case 'ArrowRight':
      if (!row?.expandable) return null
      return row.expanded ? { do: 'go', to: current + 1 } : { do: 'open', row }
    case 'ArrowLeft': {
      if (!row) return null
      if (row.expanded) return { do: 'close', row }
      const parent = rows.findLastIndex((other, index) => index < current && other.depth < row.depth)
      return parent < 0 ? null : { do: 'go', to: parent }
    }
    default:
      return null
  }
}

/** Where typing leads: the next line whose name begins with `typed`, from the current one on and round the end. */
export function typedTo(typed: string, rows: readonly Pick<TreeLine, 'name'>[], current: number): number | null {
  // One letter again and again goes from one to the next; a longer word stays where it fits.
  const from = typed.length === 1 ? current + 1 : Math.max(0, current)
  for (let step = 0; step < rows.length; step++) {
    const index = (from + step) % rows.length
    if (rows[index]?.name.toLowerCase().startsWith(typed)) return index
  }
  return null
}

/** How long what was typed is remembered, in milliseconds. */
const rememberMs = 800

/** Gathers letters that are typed one after the other, and says where they lead. Any other key begins anew. */
export function useTypeAhead(): (
  key: string,
  rows: readonly Pick<TreeLine, 'name'>[],
  current: number,
) => number | null {
  const typed = useRef({ text: '', at: 0 })
  return (key, rows, current) => {
    if (key.length !== 1 || key === ' ') {
      typed.current = { text: '', at: 0 }
      return null
    }
    const now = performance.now()
    const goesOn = now - typed.current.at < rememberMs
    typed.current = { text: (goesOn ? typed.current.text : '') + key.toLowerCase(), at: now }
    return typedTo(typed.current.text, rows, current)
  }
}
