/** A server event with its fields; never a value from a resource, a token or a patient's id. */
export interface ServerEvent {
  readonly event: string
  readonly level: 'info' | 'warn'
  readonly [field: string]: unknown
}
