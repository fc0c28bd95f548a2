import { type Connection, greet } from '#shared/client/index.ts'
import { takeToken } from './address-token.ts'
import { type PreloadPipe, pipeDialer } from './pipe-transport.ts'
import { webSocketDialer } from './web-socket-transport.ts'

declare global {
  interface Window {
    readonly wheelhouse?: PreloadPipe
  }
}

/** How this page reaches its console, or that it cannot because its address carries no token. */
export type Way =
  | { readonly type: 'window' | 'browser'; readonly connect: () => Promise<Connection> }
  | { readonly type: 'no token' }

/** Chooses the way once, at start: the preload's pipe in the desktop app, else a WebSocket to where the page came from. */
export function chooseWay(page: Window): Way {
  if (page.wheelhouse) {
    const dial = pipeDialer(page.wheelhouse)
    return { type: 'window', connect: () => greet(dial(), { client: 'window' }) }
  }
  const token = takeToken({ location: page.location, history: page.history, storage: page.sessionStorage })
  if (token === null) return { type: 'no token' }
  const scheme = page.location.protocol === 'https:' ? 'wss' : 'ws'
  const dial = webSocketDialer(`${scheme}://${page.location.host}/connect`)
  return { type: 'browser', connect: () => greet(dial(), { client: 'browser', token }) }
}
