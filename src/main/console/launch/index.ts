export { type Launch, launchSchema, plainLaunch } from './launch.ts'
export { addLaunchOptions, environmentIn, hostValues, type LaunchValues, launchOf } from './launch-options.ts'
export { type LaunchPlace, type ReadLaunch, readDesktopLaunch, readLaunch } from './read-launch.ts'
export { toldMistake } from './told-mistake.ts'
