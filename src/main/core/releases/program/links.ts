/** Where links of a tree lead, worked out without touching a disk. Pure. */

const mostHops = 40

/**
 * Why a link leads out of the tree, or nowhere a program could follow it; null when it stays inside. Other links on its way are followed,
 * because `a/b/..` is not `a` where `b` is a link. What is not there may come later: such a link is judged by its words.
 */
export function leadsOut(path: string, links: ReadonlyMap<string, string>): string | null {
  const target = links.get(path)
  if (target === undefined) return null
  const here = path.split('/').slice(0, -1)
  let hops = 0
  const at: string[] = [...here]
  const left = target.split('/').toReversed()
  if (target.startsWith('/') || /^[A-Za-z]:/.test(target)) return 'an absolute path'
  if (target.includes('\0') || target === '') return 'nowhere'
  while (left.length > 0) {
    const part = left.pop()
    if (part === undefined || part === '' || part === '.') continue
    if (part === '..') {
      if (at.length === 0) return 'outside of it'
      at.pop()
      continue
    }
    at.push(part)
    const further = links.get(at.join('/'))
    if (further === undefined) continue
    if (++hops > mostHops) return 'in a circle'
    if (further.startsWith('/')) return 'an absolute path'
    at.pop()
    left.push(...further.split('/').toReversed())
  }
  return null
}
