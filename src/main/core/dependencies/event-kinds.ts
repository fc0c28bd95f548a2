/** What is told of dependencies; the subject is `dependency:<id>`. */
export const dependencyEvents = {
  opened: 'dependency.opened',
  halfOpened: 'dependency.half-opened',
  closed: 'dependency.closed',
  isolated: 'dependency.isolated',
  reset: 'dependency.reset',
  proxyMoved: 'dependency.address-changed',
  proxyEnded: 'dependency.proxy-ended',
} as const
