/** A place where two resources are not equal in the sense of `golden/README.md`. */
export interface Difference {
  /** Property names and `[index]`, from the root. */
  readonly path: string
  readonly expected: unknown
  readonly actual: unknown
}

const ABSENT = Symbol('absent')

/** Compares two parsed resources as `golden/README.md` ("When two resources are equal") says. */
export function differences(expected: unknown, actual: unknown, path = ''): Difference[] {
  const e = normal(expected)
  const a = normal(actual)
  if (Array.isArray(e) && Array.isArray(a)) {
    const length = Math.max(e.length, a.length)
    return Array.from({ length }, (_, k) => itemDifferences(e, a, k, path)).flat()
  }
  if (isObject(e) && isObject(a)) {
    const keys = new Set([...Object.keys(e), ...Object.keys(a)])
    return [...keys].flatMap((key) =>
      differences(ownValue(e, key), ownValue(a, key), path === '' ? key : `${path}.${key}`),
    )
  }
  if (e === a) return []
  return [{ path, expected: e === ABSENT ? undefined : e, actual: a === ABSENT ? undefined : a }]
}

function itemDifferences(
  e: readonly unknown[],
  a: readonly unknown[],
  k: number,
  path: string,
): Difference[] {
  const at = `${path}[${k}]`
  if (k < e.length && k < a.length) return differences(e[k], a[k], at)
  return [{ path: at, expected: e[k], actual: a[k] }]
}

const ownValue = (object: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function normal(value: unknown): unknown {
  if (value === null || value === undefined) return ABSENT
  if (typeof value === 'string') {
    const text = value.replace(/^[\s\u0085]+|[\s\u0085]+$/g, '')
    return text === '' ? ABSENT : normalInstant(text)
  }
  if (Array.isArray(value)) {
    const last = value.findLastIndex((item) => item !== null)
    return last < 0 ? ABSENT : value.slice(0, last + 1)
  }
  if (isObject(value)) return Object.values(value).every((v) => normal(v) === ABSENT) ? ABSENT : value
  return value
}

const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/

function normalInstant(text: string): string {
  const match = INSTANT.exec(text)
  if (match === null) return text
  const fraction = (match[2] ?? '').replace(/\.?0+$/, '')
  return match[1] + fraction + (match[3] === 'Z' ? '+00:00' : match[3])
}
