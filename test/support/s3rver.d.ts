/** The parts of the S3 server for tests that are used here; the package carries no types. */
declare module '@20minutes/s3rver' {
  interface S3Object {
    readonly metadata: Readonly<Record<string, unknown>>
    readonly content?: import('node:stream').Readable
  }
  export default class S3rver {
    constructor(options: {
      readonly port: number
      readonly address: string
      readonly silent: boolean
      readonly directory: string
      readonly configureBuckets: readonly { readonly name: string; readonly configs: readonly string[] }[]
    })
    allowMismatchedSignatures: boolean
    readonly store: { getObject(bucket: string, key: string, options: object): Promise<S3Object | null> }
    run(): Promise<{ readonly port: number }>
    close(): Promise<void>
  }
}
