/**
 * Worker thread of a helper process: ends the whole process as soon as the one that started it is gone. For helpers whose own
 * thread may be held up by a call that nothing interrupts.
 */
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
}, 1_000)
