/** What recovery tells. The subject is what the policy acted on. */
export const recoveryEvents = {
  /** A step was done; `data` has policy, step and result. */
  acted: 'recovery.acted',
  /** The condition is over after steps were done. */
  cured: 'recovery.cured',
  /** Every step was done, or the day's number of them, and the condition holds on. */
  gaveUp: 'recovery.gave-up',
  /** It would have acted, but something holds it back: maintenance, a restore. */
  heldBack: 'recovery.held-back',
  /** The console ended in the middle of a step. */
  interrupted: 'recovery.interrupted',
  /** What was set aside was kept for long enough, and is gone. */
  swept: 'recovery.swept',
  /** A person switched a policy off or on again for as long as the console runs. */
  switched: 'recovery.switched',
} as const
