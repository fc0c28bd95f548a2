/** What the driver tells the stand-in, in `ELECTRON_STAND_IN`. */
export interface Settings {
  /** Folder with package.json. */
  readonly root: string
  /** Absolute path of Chromium. */
  readonly chromium: string
  /** Fresh folder for Chromium's profile; removed by the driver. */
  readonly profile: string
}

export function settingsFrom(env: Readonly<Record<string, string | undefined>>): Settings {
  if (!env.ELECTRON_STAND_IN)
    throw new Error('The stand-in is started by test/electron/desktop.ts, which tells it where it is.')
  return JSON.parse(env.ELECTRON_STAND_IN)
}
