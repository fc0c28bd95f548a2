import { contractVersion } from '#shared/contract/index.ts'
import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const consoleHandlers = {
  info: api.console.info.handler(({ context: { console } }) => ({
    version: console.version,
    contract: contractVersion,
    host: console.host,
    pid: process.pid,
  })),
  openSite: api.console.openSite.handler(async ({ input, context }) => {
    const site = await context.console.openSite(input.directory, context.cause)
    return { site: site.directory }
  }),
  openSample: api.console.openSample.handler(async ({ context }) => {
    const site = await context.console.openSample(context.cause)
    return { site: site.directory }
  }),
  resetSample: api.console.resetSample.handler(async ({ context }) => {
    const site = await context.console.resetSample(context.cause)
    return { site: site.directory }
  }),
  closeSite: api.console.closeSite.handler(async ({ context }) => {
    await context.console.closeSite(context.cause)
    return {}
  }),
  chooseFolder: api.console.chooseFolder.handler(async ({ context }) => ({
    directory: await context.console.chooseFolder(),
  })),
  openFolder: api.console.openFolder.handler(async ({ input, context }) => ({
    path: await context.console.openFolder(input.what),
  })),
  openPage: api.console.openPage.handler(async ({ input, context }) => {
    await context.console.openPage(input.url)
    return {}
  }),
}

export const siteHandlers = {
  reload: api.site.reload.handler(({ context }) => siteOf(context).reload(context.cause)),
  trust: api.site.trust.handler(async ({ input, context }) => {
    await siteOf(context).trust(input.fingerprint, context.cause)
    return {}
  }),
}
