/** Parameters of an `$export` request. */
export interface ExportRequest {
  readonly level: 'system' | 'patient' | 'group'
  /** Id of the Group, for level `group`. */
  readonly groupId?: string | undefined
  /** Default GET; POST with `patient`, as the specification requires. */
  readonly method?: 'GET' | 'POST' | undefined
  /** Names and values in order; a name repeats for each of its values. Unknown names are passed on. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
  /** Bulk Data 4: codes of associated data are Codings. Default: the form of versions 2 and 3. */
  readonly isV4?: boolean
  /** Let the server leave out parameters that it does not support. */
  readonly lenient?: boolean
}
