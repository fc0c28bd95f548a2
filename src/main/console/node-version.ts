/** The Node that the console runs on. Its native parts crash on older ones instead of saying so. */
const leastNode = 24

/** Why the console cannot run on this version of Node, with what to do; null when it can. */
export function nodeRefusal(version: string): string | null {
  if (Number(version.split('.')[0]) >= leastNode) return null
  return `Wheelhouse runs on Node ${leastNode}, and this is Node ${version}: start it with npm start or bin/wheelhouse, which bring their own.`
}
