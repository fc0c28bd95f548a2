/** By what the webhook of a route is known: the route, and the address as it is written. */
export function webhookKey(route: string, address: string): string {
  return `${route}\n${address}`
}
