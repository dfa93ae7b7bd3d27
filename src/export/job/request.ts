/** What is asked of `$export`. */
export interface ExportRequest {
  readonly level: 'system' | 'patient' | 'group'
  /** Id of the Group, for level `group`. */
  readonly groupId?: string
  /** Default GET; with `patient` POST, as the specification wants it. */
  readonly method?: 'GET' | 'POST'
  /** In their order, a name as often as it has values; names the specification does not know are passed on. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
  /** As Bulk Data 4 wants it: codes of associated data are Codings. Default: as versions 2 and 3 do. */
  readonly isV4?: boolean
  /** Let the server leave out parameters that it does not support. */
  readonly lenient?: boolean
}
