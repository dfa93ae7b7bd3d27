// Holds src/anonymizer/methods/custom.ts, src/anonymizer/methods/custom-method.ts.
import t from 'tap'
import type { CustomMethod } from '../../../src/anonymizer/methods/custom-method.js'
import { leafMethod, leafOf } from '../../support/leaves.js'
import { specOf } from '../../support/spec-of.js'

const run = (method: CustomMethod, type: string, text: string) =>
  leafMethod(
    { method: 'custom', name: 'Mask', settings: { method: 'mask', keep: 2 } },
    { customSettings: { fill: '*' } },
    { customMethods: new Map([['mask', method]]) },
  )(leafOf(type, text))

t.test('a custom method sees value and settings, and its result is written', async (t) => {
  const seen: unknown[] = []
  const mask: CustomMethod = (value, settings) => {
    seen.push(value, settings)
    const keep = Number(settings.rule.keep)
    const { fill } = settings.customSettings as { readonly fill: string }
    return { json: value.text.slice(0, keep) + fill.repeat(value.text.length - keep), label: 'ABSTRACT' }
  }
  t.match(run(mask, 'string', 'secret'), { value: 'se****', records: ['ABSTRACT'] })
  t.strictSame(seen, [
    { type: 'string', name: 'value', text: 'secret', json: 'secret' },
    { customSettings: { fill: '*' }, rule: { method: 'mask', keep: 2 } },
  ])
})

t.test('json has the kind of the value, and any primitive may be returned', async (t) => {
  const echo: CustomMethod = (value) => ({ json: value.json })
  t.equal(run(echo, 'decimal', '1.50').value, 1.5)
  t.equal(run(echo, 'boolean', 'True').value, true)
  t.equal(run(() => ({ json: null }), 'string', 'a').value, null)
  t.match(
    run(() => ({ json: undefined }), 'string', 'a'),
    { value: 'a', records: [] },
  )
})

t.test('a method that throws or returns something else fails without a word of the value', async (t) => {
  const methods: Readonly<Record<string, unknown>> = {
    throws: (value: { text: string }) => {
      throw new Error(`cannot mask ${value.text}`)
    },
    'throws null': () => {
      throw null
    },
    'returns nothing': () => undefined,
    'returns a text': () => 'secret',
    'returns no json': () => ({ label: 'REDACT' }),
    'returns an object': () => ({ json: { a: 1 } }),
    'returns a NaN': () => ({ json: Number.NaN }),
    'returns a promise': async () => ({ json: 'a' }),
    'returns an unknown label': () => ({ json: 'a', label: 'secret' }),
    'returns an inherited label': () => ({ json: 'a', label: 'toString' }),
  }
  for (const [name, method] of Object.entries(methods)) {
    const outcome = run(method as CustomMethod, 'string', 'secret')
    t.match(outcome, { failed: /^Mask: /, skippable: true }, name)
    t.notMatch(outcome.failed, /secret/, name)
  }
})

t.test('a method that is not loaded, or whose key is missing, is an error at once', async (t) => {
  t.throws(() => leafMethod({ method: 'custom', name: 'mask', settings: {} }), { code: 'CONFIG_INVALID' })
  for (const method of ['cryptoHash', 'encrypt', 'dateShift'] as const) {
    const { parameters } = specOf({ fhirPathRules: [] })
    t.throws(() => leafMethod({ method }, {}, { parameters }), { code: 'KEY_MISSING' }, method)
  }
})
