export { jobEventKinds } from './job-events.ts'
export { type JobsOptions, openJobs } from './jobs.ts'
export { jobsSchema } from './tables.ts'
export type * from './types.ts'
