import { z } from 'zod'
import type { NumberSetting, Setting, SettingsShape } from '../../anonymizer/methods/settings.js'
import { present } from '../../invariant.js'
import { readTolerantJson, TolerantJsonError } from '../text/tolerant-json.js'

/** Checks the settings of a method in a rule; other keys of the rule are left out. */
export const settingsSchema = (shape: SettingsShape) =>
  z.object(Object.fromEntries(Object.entries(shape).map(([key, setting]) => [key, schemaOf(setting)])))

/** The same for editors: a rule of another method lacks them. */
export const describedSettings = (shape: SettingsShape): Readonly<Record<string, z.ZodType>> =>
  Object.fromEntries(
    Object.entries(shape).map(([key, setting]) => [
      key,
      'default' in setting
        ? schemaOf(setting)
        : (setting.kind === 'json' ? z.unknown() : schemaOf(setting)).optional(),
    ]),
  )

function schemaOf(setting: Setting): z.ZodType {
  switch (setting.kind) {
    case 'number':
      return setting.default === undefined ? number(setting) : number(setting).default(setting.default)
    case 'choice':
      return anyCase(setting.words).default(setting.default)
    case 'cases':
      return cases
    case 'json':
      return z.custom<unknown>((value) => value !== undefined, { error: setting.missing })
  }
}

/** One of several words, in any case; the result is spelt as in `words`. */
export const anyCase = <const W extends string>(words: readonly W[]) => {
  const message = `must be one of ${words.join(', ')}`
  return z
    .string({ error: message })
    .meta({ enum: words })
    .transform((text, context) => {
      const word = words.find((candidate) => candidate.toLowerCase() === text.toLowerCase())
      if (word !== undefined) return word
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    })
}

function number({ isWhole = false, min, max }: NumberSetting) {
  const kind = isWhole ? 'a whole number' : 'a number'
  const message = `must be ${kind} ${max === undefined ? `of at least ${min}` : `from ${min} to ${max}`}`
  const fits = (value: number) =>
    value >= min && (max === undefined || value <= max) && (!isWhole || Number.isInteger(value))
  return numeric(fits, message)
}

/** A number or its text; null is 0, as .NET converts it. */
const numeric = (accepts: (value: number) => boolean, message: string) =>
  z.union([z.number(), z.string(), z.null()], { error: message }).transform((value, context) => {
    const text = typeof value === 'string' ? value.trim() : String(value ?? 0)
    const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (Number.isFinite(number) && accepts(number)) return number
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

const caseValue = z.union([z.string(), z.number(), z.boolean()], {
  error: 'must be a FHIRPath expression as text',
})
// .NET prints a boolean with a capital; as an expression that is the name `True`, which selects nothing.
const caseText = (value: string | number | boolean): string =>
  typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)

const CASES = 'must be an object of FHIRPath condition → FHIRPath value'
const cases = z
  .union(
    [
      z.record(z.string(), caseValue).transform((object) => Object.entries(object)),
      z.array(z.tuple([z.string(), caseValue])),
      z.string().transform((text, context) => {
        const pairs = pairsOf(text)
        if (pairs !== undefined) return pairs
        context.addIssue({ code: 'custom', message: CASES })
        return z.NEVER
      }),
    ],
    { error: CASES },
  )
  .transform((pairs) => pairs.map(([condition, value]) => [condition, caseText(value)] as const))

function pairsOf(text: string): [string, string | number | boolean][] | undefined {
  try {
    const { value, keysOf } = readTolerantJson(text)
    const object = z.record(z.string(), caseValue).safeParse(value)
    if (!object.success) return undefined
    return keysOf(value as object).map((key) => [key, present(object.data[key], 'the value of a case')])
  } catch (error) {
    if (error instanceof TolerantJsonError) return undefined
    throw error
  }
}
