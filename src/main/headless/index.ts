import { nodeRefusal } from '../console/node-version.ts'
import { startSmall } from '../console/small-start.ts'

// The headless host. On a Node that cannot run the console nothing else is loaded: native parts would crash instead of saying so.
const refusal = nodeRefusal(process.versions.node)
if (refusal === null) {
  startSmall()
  const { startHeadless } = await import('./start.ts')
  process.exit(await startHeadless(process.argv.slice(2), import.meta.dirname))
} else {
  process.stderr.write(`${refusal}\n`)
  process.exit(2)
}
