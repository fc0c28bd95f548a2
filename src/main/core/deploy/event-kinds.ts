/** What deploys tell. */
export const deployEvents = {
  begun: 'deploy.begun',
  switched: 'deploy.switched',
  onProbation: 'deploy.on-probation',
  committed: 'deploy.committed',
  failed: 'deploy.failed',
  rolledBack: 'deploy.rolled-back',
  refused: 'deploy.refused',
  stuck: 'deploy.stuck',
  crashed: 'deploy.crashed-on-probation',
} as const
