import { expect, test } from 'vitest'
import { parseListening } from './listening-ports.ts'
import { parseStat } from './proc-table.ts'

test('a program name with spaces and parentheses does not shift the fields of /proc/PID/stat', () => {
  const rest = 'S 10 4242 4242 0 -1 4194304 118 0 0 0 7 5 0 0 20 0 1 0 162752 3133440 382'
  expect(parseStat(`4242 (evil) S 1 (x)) ${rest}`)).toEqual({
    pid: 4242,
    state: 'S',
    parent: 10,
    group: 4242,
    session: 4242,
    cpuTicks: 12,
    startTicks: 162_752,
    residentPages: 382,
  })
  expect(parseStat('')).toBeUndefined()
})

test('only listening sockets count, with their address as a person writes it', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:46B5 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1 0 100 0 0 10 0',
    '   1: 0100007F:46B6 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 778 1 0 100 0 0 10 0',
    '   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 779 1',
  ].join('\n')
  expect(parseListening(table)).toEqual([
    { address: '127.0.0.1', port: 18_101, inode: '777' },
    { address: '::1', port: 80, inode: '779' },
  ])
})
