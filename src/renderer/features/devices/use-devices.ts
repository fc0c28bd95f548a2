import { useQuery } from '@tanstack/react-query'
import { useRef } from 'react'
import type { DeviceFamilyView, DeviceView } from '#shared/contract/index.ts'
import { usePage } from '../../state/page-context.ts'

/** How often it is asked what has changed. */
const askMs = 2_000

/** The devices that site.yaml describes, as the console told them last. */
export interface DevicesLook {
  readonly at: number
  readonly run: string
  readonly revision: number
  readonly families: readonly DeviceFamilyView[]
  readonly devices: ReadonlyMap<string, DeviceView>
  readonly away: readonly { readonly broker: string | null; readonly since: number; readonly reason: string }[]
}

/** Follows the described devices: after the first look only what changed is asked for. */
export function useDevices() {
  const { link } = usePage()
  const last = useRef<DevicesLook | null>(null)
  return useQuery({
    queryKey: ['described-devices'],
    queryFn: async () => {
      const before = last.current
      const told = await link.calls.devices.described({ run: before?.run ?? '', after: before?.revision ?? 0 })
      const devices = new Map(before?.run === told.run ? before.devices : [])
      for (const key of told.gone) devices.delete(key)
      for (const device of told.devices) devices.set(device.key, device)
      const { at, run, revision, families, away } = told
      const look: DevicesLook = { at, run, revision, families, devices, away }
      last.current = look
      return look
    },
    refetchInterval: askMs,
    staleTime: 0,
    structuralSharing: false,
  })
}
