import { crashPointsFrom, silentLogger, systemClock } from '#core/platform/index.ts'
import { SetAside } from '../../src/main/core/recovery/set-aside.ts'
import { ownPath } from '../../src/main/core/recovery/site-paths.ts'

/** Sets `data/state` and `data/note.json` of a site aside, `mortal-set-aside <site>`, and is killed where the environment says. */
const [site = ''] = process.argv.slice(2)
const found = await Promise.all(['data/state', 'data/note.json'].map((path) => ownPath(site, path)))
const aside = new SetAside({
  site,
  events: { emit: () => ({}) } as never,
  seenMs: () => 0,
  clock: systemClock(),
  crashPoints: crashPointsFrom(process.env),
  logger: silentLogger,
})
await aside.take(
  found.flatMap((path) => path ?? []),
  { name: 'revive', reason: 'api has failed' },
)
