/** A sentence of the console: what it has between backticks is to be typed, and is shown so. */
export function Sentence({ text }: { readonly text: string }) {
  const parts = text.split('`')
  // One backtick without its partner is a letter like any other.
  if (parts.length === 1 || parts.length % 2 === 0) return text
  return parts.map((part, index) => {
    const key = `${index} ${part}`
    return index % 2 === 0 ? <span key={key}>{part}</span> : <code key={key}>{part}</code>
  })
}
