/** Hands `text` to the operator as a file to save. */
export function exportText(name: string, text: string, type = 'text/plain'): void {
  exportBlob(name, new Blob([text], { type: `${type};charset=utf-8` }))
}

/** Hands a file to the operator to save. */
export function exportBlob(name: string, file: Blob): void {
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  URL.revokeObjectURL(address)
}

/** Rows as comma-separated values (RFC 4180), with a first line of names. */
export function csv(names: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  return [names, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')
}

function cell(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
