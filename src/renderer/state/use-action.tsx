import { notifications } from '@mantine/notifications'
import { useCallback, useState } from 'react'
import { type Connection, toConsoleError } from '#shared/client/index.ts'
import type { Problem } from '#shared/problem.ts'
import { Sentence } from '../components/sentence.tsx'
import { usePage } from './page-context.ts'

/** Shows a failure where it is seen from every page: its sentence and what to do next. */
export function tellProblem(problem: Pick<Problem, 'message' | 'remedy'>): void {
  notifications.show({
    title: <Sentence text={problem.message} />,
    message: <Sentence text={problem.remedy} />,
    autoClose: false,
    withBorder: true,
    role: 'alert',
    color: 'var(--wh-unhealthy)',
    closeButtonProps: { 'aria-label': 'Dismiss' },
  })
}

/** Says that something was done, for a few seconds. */
export function tellDone(message: string): void {
  notifications.show({
    message: <Sentence text={message} />,
    autoClose: 4_000,
    withBorder: true,
    color: 'var(--wh-healthy)',
    closeButtonProps: { 'aria-label': 'Dismiss' },
  })
}

/** Runs calls of the console; failures are told to the operator. `busy` while one is under way. */
export function useAction(): {
  readonly busy: boolean
  /** Resolves with the answer, or with `undefined` when it failed and that was told. */
  run<T>(call: (calls: Connection['calls']) => Promise<T>): Promise<T | undefined>
} {
  const { link } = usePage()
  const [running, setRunning] = useState(0)
  const run = useCallback(
    async <T,>(call: (calls: Connection['calls']) => Promise<T>): Promise<T | undefined> => {
      setRunning((count) => count + 1)
      try {
        return await call(link.calls)
      } catch (error) {
        tellProblem(toConsoleError(error).problem)
        return undefined
      } finally {
        setRunning((count) => count - 1)
      }
    },
    [link],
  )
  return { busy: running > 0, run }
}
