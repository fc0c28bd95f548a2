/** Ports are numbers whatever they are; any other reference may turn out to be another machine. */
const portReference = /\$\{(?:services\.[^.}]+\.)?ports\.[^}]+\}/g

/**
 * Whether an address as site.yaml writes it is certainly on this machine. What cannot be read, or has a reference in it that
 * is no port, is not: what a site would ask elsewhere is shown before it is trusted, and doubt must show.
 */
export function isLoopback(text: string): boolean {
  const written = text.trim().replaceAll(portReference, '1')
  if (written.includes('${')) return false
  try {
    const { hostname } = new URL(written)
    return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  } catch {
    return false
  }
}
