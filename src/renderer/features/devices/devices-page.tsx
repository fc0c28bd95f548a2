import { SegmentedControl } from '@mantine/core'
import { useSearchParams } from 'react-router'
import { ClientsTab } from './clients-tab.tsx'
import { DescribedTab } from './described-tab.tsx'

const kinds = [
  { value: 'devices', label: 'Devices' },
  { value: 'clients', label: 'MQTT clients' },
]

/** What is out there: the devices that site.yaml describes, and the clients of the embedded broker. */
export default function DevicesPage() {
  const [params, setParams] = useSearchParams()
  const shown = params.get('show') === 'clients' ? 'clients' : 'devices'
  const tabs = (
    <SegmentedControl
      size="xs"
      aria-label="What is shown"
      data={kinds}
      value={shown}
      onChange={(value) => setParams(value === 'clients' ? { show: 'clients' } : {}, { replace: true })}
    />
  )
  return shown === 'clients' ? <ClientsTab tabs={tabs} /> : <DescribedTab tabs={tabs} />
}
