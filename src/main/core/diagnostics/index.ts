export * from './site-health.ts'
export { askWhy, type WhySources } from './why/ask-why.ts'
