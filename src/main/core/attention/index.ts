export { type AttentionOptions, attentionEventKinds, openAttention } from './attention.ts'
export { attentionSchema } from './tables.ts'
export type * from './types.ts'
