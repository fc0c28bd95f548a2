import { electronUnderTest, launchDesktop } from '../electron/desktop.ts'
import { needs } from '../support/needs.ts'
import type { LaunchDesk } from './desk.ts'
import { consoleStory } from './story.ts'

/** The built desktop app, in its own window. */
const launch: LaunchDesk = async (home, env = {}) => {
  const desktop = await launchDesktop({ home: home.env.WHEELHOUSE_HOME ?? '', env: { ...home.env, ...env } })
  const page = await desktop.page()
  const ended = desktop.exited.then(() => {})
  return {
    name: `desktop on ${electronUnderTest}`,
    page,
    pid: desktop.app.pid,
    ended,
    async kill() {
      desktop.app.kill('SIGKILL')
      await ended
      await desktop[Symbol.asyncDispose]()
    },
    async quit() {
      desktop.app.kill('SIGTERM')
      await ended
      await desktop[Symbol.asyncDispose]()
    },
  }
}

consoleStory(`desktop (on ${electronUnderTest})`, launch, needs('chromium', 'mosquitto_pub'))
