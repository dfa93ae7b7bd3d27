/** A rule of a preset, as it is written. */
export interface PresetRule {
  readonly path: string
  readonly method: string
  readonly cases?: Readonly<Record<string, string>>
  readonly otherValues?: string
}

export const keep = (...paths: readonly string[]): PresetRule[] => withMethod('keep', paths)
export const redact = (...paths: readonly string[]): PresetRule[] => withMethod('redact', paths)
export const remove = (...paths: readonly string[]): PresetRule[] => withMethod('remove', paths)
export const hash = (...paths: readonly string[]): PresetRule[] => withMethod('cryptoHash', paths)
export const shift = (...paths: readonly string[]): PresetRule[] => withMethod('dateShift', paths)

const withMethod = (method: string, paths: readonly string[]): PresetRule[] =>
  paths.map((path) => ({ path, method }))

/** Values for which no case holds are removed. */
export const generalize = (path: string, cases: Readonly<Record<string, string>>): PresetRule => ({
  path,
  method: 'generalize',
  cases,
  otherValues: 'redact',
})

export const ofType = (...types: readonly string[]): string[] => types.map((type) => `nodesByType('${type}')`)

/** `('a' | 'b')`, a set of texts in FHIRPath. */
export const oneOf = (texts: readonly string[]): string =>
  `(${texts.map((text) => `'${text.replace(/[\\']/g, '\\$&')}'`).join(' | ')})`
