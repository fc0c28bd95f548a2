export * from './site-health.ts'
