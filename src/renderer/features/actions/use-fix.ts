import { useCallback } from 'react'
import { useNavigate } from 'react-router'
import type { Fix } from '#shared/contract/index.ts'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { useActions } from './asking.ts'

/** Does what a card's button promises: asks first where something is touched. */
export function useFix(): (fix: Fix) => void {
  const { ask, backUp, rehearse } = useActions()
  const { run } = useAction()
  const navigate = useNavigate()
  return useCallback(
    (fix) => {
      const { action } = fix
      switch (action.type) {
        case 'start-service':
          return ask({ type: 'services', action: 'start', service: action.service })
        case 'restart-service':
          return ask({ type: 'services', action: 'restart', service: action.service })
        case 'adopt-unit':
          return ask({ type: 'unit', verb: 'adopt', service: action.service })
        case 'release-unit':
          return ask({ type: 'unit', verb: 'release', service: action.service })
        case 'start-all':
          return ask({ type: 'services', action: 'start-all' })
        case 'restore':
          return ask({ type: 'restore', snapshot: action.snapshot })
        case 'undo':
          return ask({ type: 'undo' })
        case 'back-up':
          return backUp('full')
        case 'prune':
          return ask({ type: 'prune' })
        case 'accept-shrink':
          void run((calls) => calls.keeping.acceptShrink({ snapshot: action.snapshot })).then((answer) => {
            if (answer) tellDone('The rules of keeping apply to the large snapshots again.')
          })
          return
        case 'rehearse':
          return rehearse(null)
        case 'reload-config':
          void run((calls) => calls.site.reload()).then((answer) => {
            if (answer?.valid) tellDone('site.yaml was read again and is valid.')
          })
          return
        case 'apply-config':
          void run((calls) => calls.config.apply()).then((answer) => {
            if (answer) tellDone('The configuration on disk is in use.')
          })
          return
        case 'restore-config':
          void run((calls) => calls.config.restore({ version: null })).then((answer) => {
            if (answer) tellDone('The last good version of the configuration was put back and is in use.')
          })
          return
        case 'check-store':
          return ask({ type: 'check-store', database: action.database })
        case 'recover-store':
          return ask({ type: 'recover-store', database: action.database })
        case 'recover-database':
          return ask({ type: 'recover-database', service: action.service })
        case 'reset-dependency':
          void run((calls) => calls.dependencies.reset({ dependency: action.dependency })).then((answer) => {
            if (answer) tellDone(`Calls to ${action.dependency} pass again.`)
          })
          return
        case 'end-maintenance':
          void run((calls) => calls.maintenance.off()).then((answer) => {
            if (answer) tellDone('Maintenance is over.')
          })
          return
        case 'go-to':
          void navigate(`/${action.page.replace(/^\//, '')}`)
          return
      }
    },
    [ask, backUp, rehearse, run, navigate],
  )
}
