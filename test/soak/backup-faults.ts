import { backupCampaign } from '../backups/campaign.ts'
import { buildRig } from '../backups/rig.ts'
import { scenarios } from '../backups/scenarios.ts'
import { faultSoak } from './fault-soak.ts'

export default faultSoak({
  what: 'every operation on the disk of the site and of its backups fails with each fault (EIO, ENOSPC, EACCES, a short write, a crash, a disk full from then on) while a console backs up, checks, prunes, restores, undoes and recovers',
  scenarios: Object.keys(scenarios),
  build: (folder) => buildRig(folder, { shim: true }),
  campaign: backupCampaign,
})
