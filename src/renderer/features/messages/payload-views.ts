/** The payload as indented JSON; `null` when it is none. */
export function prettyJson(payload: string): string | null {
  if (!/^\s*[[{"\d\-tfn]/.test(payload)) return null
  try {
    return JSON.stringify(JSON.parse(payload), null, 2)
  } catch {
    return null
  }
}

/** Sixteen bytes a line: offset, hex, characters. A hex payload is one string of two digits a byte. */
export function hexDump(payload: string, encoding: 'utf8' | 'hex'): string {
  const bytes = encoding === 'utf8' ? new TextEncoder().encode(payload) : fromHex(payload)
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)]
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const characters = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(4, '0')}  ${hex.padEnd(47)}  ${characters}`)
  }
  return lines.join('\n')
}

function fromHex(hex: string): Uint8Array {
  const digits = hex.replace(/[^0-9a-f]/gi, '')
  return Uint8Array.from({ length: Math.floor(digits.length / 2) }, (_, index) =>
    Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16),
  )
}
