/** The events of messaging. Rare facts only: traffic is counted, not told. */
export const messagingEvents = {
  brokerStarted: 'broker.started',
  brokerStopped: 'broker.stopped',
  routerConnected: 'router.connected',
  routerDisconnected: 'router.disconnected',
  /** The data-plane thread ended unasked; it is started again. */
  routerCrashed: 'router.crashed',
  routeFailing: 'route.failing',
  routeRecovered: 'route.recovered',
  routeRefused: 'route.refused',
} as const
