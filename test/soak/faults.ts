import { campaign } from '../faults/campaign.ts'
import { buildRig } from '../faults/rig.ts'
import { scenarios } from '../faults/scenarios.ts'
import { faultSoak } from './fault-soak.ts'

export default faultSoak({
  what: 'every operation of every scenario fails with each fault (EIO, ENOSPC, EACCES, a short write, a crash, a disk full from then on)',
  scenarios: Object.keys(scenarios),
  build: buildRig,
  campaign,
})
