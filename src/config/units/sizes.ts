const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
}

/** `512MiB`, `1.5GB`, `64m` or plain bytes, in whole bytes; undefined for any other text. */
export function parseByteCount(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim())
  if (parts === null) return undefined
  const [, count, letters = ''] = parts
  const unit = UNITS[letters.toLowerCase()]
  if (unit === undefined) return undefined
  const bytes = Math.round(Number(count) * unit)
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined
}

/** `512.0 MiB`: as people read it. */
export function printByteCount(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1024 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`
}

/** `1,234,567`. Not `toLocaleString`: its first call loads tables for tens of milliseconds. */
export const printCount = (count: number): string => String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')

/** `1 entry`, `1,234 entries`. */
export const printCounted = (count: number, one: string, many = `${one}s`): string =>
  `${printCount(count)} ${count === 1 ? one : many}`

/** `25` (lines) or `0.5%` (of the lines); undefined where the text is neither. */
export function parseCountOrShare(
  text: string,
): { readonly count: number } | { readonly percent: number } | undefined {
  const parts = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim())
  if (parts === null) return undefined
  const number = Number(parts[1])
  if (parts[2] === '%') return number <= 100 ? { percent: number } : undefined
  return Number.isSafeInteger(number) ? { count: number } : undefined
}
