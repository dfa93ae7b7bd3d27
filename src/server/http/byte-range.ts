/** A part of a file, `[from, to)`. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

/**
 * Parses a Range header (RFC 9110, 14.1.2). Returns `whole` if it is absent, malformed, in another unit or for several
 * parts, which a server may ignore, and `unsatisfiable` if it begins after the end.
 */
export function parseRange(header: string | undefined, bytes: number): ByteRange | 'whole' | 'unsatisfiable' {
  const [, first, last] = /^bytes\s*=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/i.exec(header ?? '') ?? []
  if (first === undefined || (first === '' && last === '')) return 'whole'
  if (first === '') {
    const length = Number(last)
    return length === 0 || bytes === 0 ? 'unsatisfiable' : { from: Math.max(0, bytes - length), to: bytes }
  }
  const from = Number(first)
  if (last !== '' && Number(last) < from) return 'whole'
  if (from >= bytes) return 'unsatisfiable'
  return { from, to: last === '' ? bytes : Math.min(bytes, Number(last) + 1) }
}

/** Whether gzip is wanted more than the bytes as they are (RFC 9110, 12.5.3). */
export function prefersGzip(acceptEncoding: string | undefined): boolean {
  const weights = new Map<string, number>()
  for (const part of (acceptEncoding ?? '').toLowerCase().split(',')) {
    const [coding = '', ...parameters] = part.split(';').map((text) => text.trim())
    const weight = parameters.find((text) => text.startsWith('q='))
    weights.set(coding, weight === undefined ? 1 : Number(weight.slice(2)))
  }
  const gzip = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0
  const identity = weights.get('identity') ?? 0
  return gzip > 0 && gzip >= identity
}
