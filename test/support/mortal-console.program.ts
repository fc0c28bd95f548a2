import { openTestConsole } from './test-console.ts'

/** A console that lives to be killed: opens the trusted site `<directory>` with its user data in `<home>`, starts it, and goes on. */
const [home = '', directory = ''] = process.argv.slice(2)
const console = await openTestConsole(home)
await console.openInitial({ site: directory, otherwise: 'none', start: true })
setInterval(() => {}, 60_000)
