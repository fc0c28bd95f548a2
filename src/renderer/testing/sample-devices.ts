import type { DeviceView } from '#shared/contract/devices.ts'

const minute = 60_000

function device(id: string, given: Partial<DeviceView>): DeviceView {
  const now = Date.now()
  return {
    key: `desk-unit/${id}`,
    family: 'desk-unit',
    broker: 'broker',
    title: `Desk units ${id}`,
    state: 'online',
    since: now - 3 * 60 * minute,
    lastAt: now - 2_000,
    reason: 'It speaks.',
    required: false,
    troubled: false,
    messages: 4_210,
    perMinute: 30,
    topic: `consultease/faculty/${id}/status`,
    figures: [{ name: 'battery', value: 81, unit: '%', at: now - 2_000, out: null, limit: null }],
    client: { id: `desk-unit-${id}`, address: '10.0.0.31:52110', connected: true },
    ...given,
  }
}

/** Devices of the testing page in every state, and many that are well. */
export function sampleDevices(): readonly DeviceView[] {
  const now = Date.now()
  const low = { name: 'battery', value: 9, unit: '%', at: now - 2_000, out: 'below', limit: 15 } as const
  return [
    device('204', {
      state: 'silent',
      required: true,
      troubled: true,
      since: now - 12 * minute,
      lastAt: now - 14 * minute,
      reason: 'Nothing came from it for 120 s.',
      perMinute: 0,
      client: { id: 'desk-unit-204', address: null, connected: false },
    }),
    device('207', { state: 'offline', since: now - 90 * minute, lastAt: now - 91 * minute, perMinute: 0 }),
    device('208', { troubled: true, figures: [low] }),
    device('209', { state: 'never', lastAt: null, messages: 0, perMinute: 0, figures: [], client: null }),
    ...Array.from({ length: 60 }, (_, index) => device(String(300 + index), {})),
  ]
}

/** What the testing page answers about devices. */
export function deviceCalls() {
  return {
    described: async () => ({
      at: Date.now(),
      run: 'sample',
      revision: 1,
      families: [
        {
          id: 'desk-unit',
          title: 'Desk units',
          broker: 'broker',
          filters: ['consultease/faculty/{id}/status'],
          required: true,
          silentAfterMs: 2 * minute,
          most: 500,
          notKept: 0,
          lastError: null,
        },
      ],
      devices: [...sampleDevices()],
      gone: [],
      away: [],
    }),
    one: async ({ key }: { readonly key: string }) => {
      const [first = device('204', {})] = sampleDevices().filter((each) => each.key === key)
      const at = Date.now()
      const battery = Array.from({ length: 30 }, (_, index) => ({ at: at - (30 - index) * minute, value: 90 - index }))
      return { at, device: first, history: { battery } }
    },
    forget: async () => ({}),
  }
}
