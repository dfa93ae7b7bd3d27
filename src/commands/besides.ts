/** The address with an ending: of its path, not of the SAS behind it. */
export function besides(address: string, ending: string): string {
  const [, path = address, query = ''] = /^([^?]*)(\?.*)?$/s.exec(address) ?? []
  return `${path.replace(/[\\/]+$/, '')}${ending}${query}`
}
