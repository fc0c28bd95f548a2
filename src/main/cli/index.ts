import { nodeRefusal } from '../console/node-version.ts'

// The command line. On a Node that cannot run the console nothing else is loaded: native parts would crash instead of saying so.
const refusal = nodeRefusal(process.versions.node)
if (refusal === null) {
  const { runCommandLine } = await import('./command-line.ts')
  const code = await runCommandLine(process.argv.slice(2), import.meta.dirname)
  process.exit(code)
} else {
  process.stderr.write(`${refusal}\n`)
  process.exit(2)
}
