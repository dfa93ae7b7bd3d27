/** Appends an ending to the path of an address, before its SAS. */
export function besides(address: string, ending: string): string {
  const [, path = address, query = ''] = /^([^?]*)(\?.*)?$/s.exec(address) ?? []
  return `${path.replace(/[\\/]+$/, '')}${ending}${query}`
}
