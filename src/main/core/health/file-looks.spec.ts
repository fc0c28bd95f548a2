import { expect, test } from 'vitest'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { fileCheck } from './file-check.ts'
import { FileLooks } from './file-looks.ts'

const never = new AbortController().signal

/** A site whose mounts answer, or do not, as the spec says; a mount is the first part of a path. */
function site() {
  const clock = new ManualClock()
  const dead = new Map<string, PromiseWithResolvers<void>>()
  const asked: string[] = []
  let under = 0
  let most = 0
  const mountOf = (path: string) => path.split('/')[1] ?? ''
  const looks = new FileLooks({
    clock,
    mountOf,
    stat: async (path) => {
      asked.push(path)
      most = Math.max(most, ++under)
      await dead.get(mountOf(path))?.promise
      under--
      return { mtimeMs: clock.wall() }
    },
  })
  const sentence = (path: string, timeoutMs = 2_000, signal = never) =>
    fileCheck({ type: 'file', path, newerMs: null }, { timeoutMs, signal }, clock, looks).then(
      (answer) => answer.sentence,
    )
  return {
    clock,
    looks,
    asked,
    die: (mount: string) => dead.set(mount, Promise.withResolvers()),
    live(mount: string) {
      dead.get(mount)?.resolve()
      dead.delete(mount)
    },
    most: () => most,
    sentence,
    /** What a probe says that is asked for two seconds, with the time that it may take. */
    async late(path: string) {
      const answer = sentence(path)
      await clock.advance(2_000)
      return await answer
    },
  }
}

test('a file on a mount that does not answer is asked once, however often it is looked at, and again once the mount is back', async () => {
  const { die, live, late, sentence, asked, clock } = site()
  die('nas')
  expect(await late('/nas/frame.jpg')).toBe(
    '/nas/frame.jpg did not answer in 2 s; a network mount that does not answer?',
  )
  await clock.advance(60_000)
  // At once: nobody is kept waiting for what is known not to answer.
  expect(await sentence('/nas/frame.jpg')).toContain('did not answer in 62 s')
  expect(asked).toEqual(['/nas/frame.jpg'])
  live('nas')
  await clock.advance(1)
  expect(await sentence('/nas/frame.jpg')).toBe('/nas/frame.jpg is there')
  expect(asked).toHaveLength(2)
})

test('a dead mount keeps one look, whatever is looked at on it, and nothing from the files elsewhere', async () => {
  const { die, late, sentence, asked } = site()
  die('nas')
  expect(await late('/nas/one.jpg')).toContain('did not answer in 2 s')
  expect(await late('/nas/two.jpg')).toBe(
    '/nas/two.jpg could not be looked at within 2 s, because /nas/one.jpg did not answer; a network mount that does not answer?',
  )
  expect(await sentence('/disk/export.csv')).toBe('/disk/export.csv is there')
  expect(asked).toEqual(['/nas/one.jpg', '/disk/export.csv'])
})

test('of the whole site two looks are under way, however many mounts are dead: the other threads stay free', async () => {
  const { die, live, late, asked, most, sentence, clock } = site()
  const mounts = ['a', 'b', 'c', 'd', 'e']
  for (const mount of mounts) die(mount)
  for (const mount of mounts) await late(`/${mount}/x`)
  expect([asked, most()]).toEqual([['/a/x', '/b/x'], 2])
  const waiting = sentence('/c/x')
  live('a')
  live('c')
  await clock.advance(1)
  expect(await waiting).toBe('/c/x is there')
  expect(most()).toBe(2)
})

test('closing the site, and ending a probe, ends the waiting', async () => {
  const { die, looks, sentence, clock } = site()
  die('nas')
  const probe = new AbortController()
  const ended = sentence('/nas/x', 60_000, probe.signal)
  probe.abort()
  await ended
  const other = sentence('/nas/x', 60_000)
  looks[Symbol.dispose]()
  await other
  expect(clock.waiting).toBe(0)
})
