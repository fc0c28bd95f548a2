// A value between the console and a `sqlite-session` process: what JSON has no word for travels in a small map.

export type Cell =
  | null
  | string
  | number
  | { readonly int: string }
  | { readonly blob: string }
  | { readonly real: string }

export function toCell(value: null | string | number | bigint | boolean | Uint8Array): Cell {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'bigint') return { int: value.toString() }
  if (value instanceof Uint8Array) return { blob: Buffer.from(value).toString('base64') }
  if (typeof value === 'number' && !Number.isFinite(value)) return { real: String(value) }
  return value
}

export function fromCell(cell: Cell): null | string | number | bigint | Buffer {
  if (cell === null || typeof cell !== 'object') return cell
  if ('int' in cell) return BigInt(cell.int)
  return 'blob' in cell ? Buffer.from(cell.blob, 'base64') : Number(cell.real)
}
