import type { Protocol } from 'electron'
import type { Logger } from '#core/platform/index.ts'
import { pageFiles, refusal } from '../console/page-files.ts'

/** Origin of every page of the console. Nothing else may use the pipe. */
export const appOrigin = 'app://wheelhouse'

/** Address of the one page. */
export const appPage = `${appOrigin}/index.html`

/** Declares `app:` a standard, secure scheme: an origin of its own, no file access. To be called before `ready`. */
export function registerAppScheme(protocol: Pick<Protocol, 'registerSchemesAsPrivileged'>): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ])
}

/** Serves the built page from `directory` as `app://wheelhouse/…`. The page connects to nothing: it has the pipe. */
export function serveApp(
  protocol: Pick<Protocol, 'handle' | 'unhandle'>,
  directory: string,
  logger: Logger,
): Disposable {
  const files = pageFiles({ directory, connect: 'nothing', logger })
  protocol.handle('app', async ({ url, method }) => {
    const path = pathOf(url)
    const { status, headers, body } =
      path === undefined ? refusal(404, 'There is no such address in this app.') : await files(path, method)
    return new Response(body, { status, headers })
  })
  return { [Symbol.dispose]: () => protocol.unhandle('app') }
}

/** The path that an address of this app names, still encoded; undefined for any other address. */
export function pathOf(address: string): string | undefined {
  const url = URL.parse(address)
  if (url?.protocol !== 'app:' || url.host !== 'wheelhouse' || url.username !== '' || url.password !== '') return
  return url.pathname
}
