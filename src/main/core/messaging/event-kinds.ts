/** The events of messaging. Rare facts only: traffic is counted, not told. */
export const messagingEvents = {
  brokerStarted: 'broker.started',
  brokerStopped: 'broker.stopped',
  /** A client of the embedded broker was refused a connection, a topic or a packet. */
  brokerRefused: 'broker.refused',
  routerConnected: 'router.connected',
  routerDisconnected: 'router.disconnected',
  /** The data-plane thread ended unasked; it is started again. */
  routerCrashed: 'router.crashed',
  routeFailing: 'route.failing',
  routeRecovered: 'route.recovered',
  /** A message had been passed on so often that it may be going round in a circle. */
  routeCircle: 'route.circle',
  routeRefused: 'route.refused',
  /** The newest file of a route's function cannot be used; and can again. */
  functionBroken: 'function.broken',
  functionLoaded: 'function.loaded',
  /** A webhook has taken nothing for long while messages wait for it. */
  targetFailing: 'target.failing',
  targetRecovered: 'target.recovered',
  recordingStarted: 'recording.started',
  /** Ended by somebody or at its bound, or was imported. */
  recordingEnded: 'recording.ended',
  recordingDeleted: 'recording.deleted',
  /** An operator sent messages of the quarantine again, or gave them up. */
  quarantineSent: 'quarantine.sent',
  quarantineDiscarded: 'quarantine.discarded',
  /** An operator gave up a message that waited in the outbox. */
  outboxDiscarded: 'outbox.discarded',
  /** A device that site.yaml describes did not speak in time, spoke again, or was said to be gone. */
  deviceSilent: 'device.silent',
  deviceBack: 'device.back',
  deviceOffline: 'device.offline',
  /** A figure is beyond a limit of site.yaml, or within its limits again. */
  deviceFigureOut: 'device.figure-out',
  deviceFigureBack: 'device.figure-back',
  /** More of a family changed than are told one by one. */
  deviceMany: 'device.many',
} as const
