import { parentPort, workerData } from 'node:worker_threads'
import { type LogSearchAnswer, type LogSearchOrder, mergedPage } from './log-page.ts'
import { scanLog } from './log-scan.ts'

/** Looks through a service's log in a thread of its own, which may be ended at any moment: it holds nothing but files to read. */
async function search({ files, request, after, bytesAtMost, msAtMost }: LogSearchOrder): Promise<LogSearchAnswer> {
  const began = performance.now()
  const streams = (['out', 'err'] as const).filter((stream) => after[stream] !== 'done')
  const wanted = streams.filter((stream) => request.stream === undefined || request.stream === stream)
  const seen = { out: 0, err: 0 }
  const scans = await Promise.all(
    wanted.map(async (stream) => {
      const place = after[stream]
      const scan = await scanLog({
        path: files[stream],
        stream,
        after: place === 'done' ? null : place,
        text: request.text,
        pattern: request.pattern,
        from: request.from ?? null,
        to: request.to ?? null,
        limit: request.limit,
        goOn: (bytes) => {
          seen[stream] = bytes
          return seen.out + seen.err < bytesAtMost && performance.now() - began < msAtMost
        },
      })
      return { stream, scan }
    }),
  )
  return mergedPage(scans, request.limit)
}

parentPort?.postMessage(await search(workerData))
