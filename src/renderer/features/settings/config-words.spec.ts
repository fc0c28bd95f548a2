import { expect, it } from 'vitest'
import { sampleValues } from '../../testing/sample-config.ts'
import { isFixed, matching, placeWords, valueWords } from './config-words.ts'

it('values are found by words in path, value or source, and by source', () => {
  const paths = (words: string, source: Parameters<typeof matching>[2] = null) =>
    matching(sampleValues, words, source).map(({ path }) => path)
  expect(paths('api env')).toEqual(['services.api.env.LOG', 'services.api.env.API_TOKEN'])
  expect(paths('manila')).toEqual(['zone'])
  expect(paths('lab.ini')).toEqual(['zone'])
  expect(paths('', 'default')).toEqual(['backup.keep.daily'])
  expect(paths('nothing')).toEqual([])
})

it('what must not be shown says so, and each value its place', () => {
  const words = sampleValues.map((value) => `${valueWords(value)} ${placeWords(value)}`)
  expect(words).toContain('hidden site.yaml:33')
  expect(words).toContain('Asia/Manila conf/lab.ini:1')
  expect(words).toContain('7 default')
})

it('what only site.yaml may say is not set here', () => {
  expect(['sources.http.url', 'include', 'backup.folder'].every(isFixed)).toBe(true)
  expect(['backup.keep.daily', 'settings.sources.value', 'zone'].some(isFixed)).toBe(false)
})
