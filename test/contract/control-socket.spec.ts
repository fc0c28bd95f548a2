import { join } from 'node:path'
import { silentLogger } from '#core/platform/index.ts'
import { dialControlSocket } from '../../src/main/console/control-client.ts'
import { listenOnControlSocket } from '../../src/main/console/control-socket.ts'
import { temporaryFolder } from '../support/folders.ts'
import { contractSuite } from './contract-suite.ts'

contractSuite('the control socket', async (console) => {
  const folder = temporaryFolder()
  const path = join(folder.path, 'run', 'suite.sock')
  const server = await listenOnControlSocket({
    path,
    logger: silentLogger,
    onTransport: (transport) => console.connect(transport, { client: 'command line', token: null }),
  })
  return {
    token: undefined,
    connect: () => dialControlSocket(path),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
})
