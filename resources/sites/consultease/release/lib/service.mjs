// What every service of this site has in common: settings from the environment, log lines, an orderly end.

/** A setting that must be there; the process ends with a sentence when it is not. */
export function setting(name) {
  const value = process.env[name]
  if (value) return value
  process.stderr.write(`The environment variable ${name} is missing, so this service cannot start.\n`)
  process.exit(2)
}

/** One line for each notable fact. */
export function log(sentence) {
  process.stdout.write(`${new Date().toISOString()} ${sentence}\n`)
}

/** Ends the process with a reason that a technician can act on. */
export function die(sentence) {
  process.stderr.write(`${new Date().toISOString()} ${sentence}\n`)
  process.exit(1)
}

/** Runs the clean-up once when the service is asked to end; after four seconds it ends anyway. */
export function onStop(cleanUp) {
  let stopping = false
  const stop = async (signal) => {
    if (stopping) return
    stopping = true
    log(`Asked to end (${signal}).`)
    setTimeout(() => process.exit(0), 4000).unref()
    await Promise.resolve(cleanUp()).catch((error) => log(`While ending: ${error.message}`))
    log('Ended.')
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

/** Random numbers from 0 to 1 that are the same for the same seed (mulberry32), so that a run can be repeated. */
export function seededRandom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
