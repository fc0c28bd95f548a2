import type { App, WebContents } from 'electron'
import type { Logger } from '#core/platform/index.ts'
import { appPage } from './app-protocol.ts'

/** Whether an address is the console's own page, at whatever place in it. */
export function isOwnPage(address: string): boolean {
  return address === appPage || address.startsWith(`${appPage}#`)
}

/**
 * Holds every page that this app ever makes where it is: it may go to the console's own page and to nothing else, opens no
 * window, embeds nothing. Set once for all, so that no window can be forgotten.
 */
export function lockNavigation(app: App, logger: Logger): void {
  app.on('web-contents-created', (_event, contents) => lockContents(contents, logger))
}

function lockContents(contents: WebContents, logger: Logger): void {
  const refuse = (what: string, url: string) => logger.warn(`${what} was refused.`, { url })

  contents.on('will-frame-navigate', (event) => {
    if (event.isMainFrame && isOwnPage(event.url)) return
    event.preventDefault()
    refuse('A navigation away from the console', event.url)
  })
  contents.on('will-redirect', (event) => {
    event.preventDefault()
    refuse('A redirect', event.url)
  })
  contents.on('will-attach-webview', (event, _preferences, params) => {
    event.preventDefault()
    refuse('An embedded page', params.src ?? '')
  })
  contents.setWindowOpenHandler(({ url }) => {
    refuse('A new window', url)
    return { action: 'deny' }
  })
}
