export * from './site-health.ts'
export { type SiteScore, scoreOf, trendOf } from './site-score.ts'
export { askWhy, type WhySources } from './why/ask-why.ts'
