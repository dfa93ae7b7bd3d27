import { fhirModel, fhirPathEngine } from '../../src/fhir/fhirpath.js'
import type { Expression } from '../../src/rules/expression/expression.js'
import { print } from '../../src/rules/expression/print.js'

/** What an engine gives: each item as a text with its kind, or that it failed. */
export type Given = readonly string[] | 'failed'

const model = fhirModel('R4')
const silent = { traceFn: () => undefined, async: false }

/** What HL7's engine gives, with the variables that the original gives a path. */
export const hl7Given = (expression: Expression, resource: object): Given =>
  hl7Text(grouped(expression), resource)

/** The same for a text. */
export function hl7Text(text: string, resource: object): Given {
  try {
    const variables = { resource, rootResource: resource }
    return fhirPathEngine()
      .evaluate(resource, text, variables, model, silent)
      .filter((item) => item !== null && item !== undefined)
      .map(itemText)
  } catch {
    return 'failed'
  }
}

export const numberText = (value: number): string => `number ${Number(value.toPrecision(6))}`

function itemText(item: unknown): string {
  if (typeof item === 'number') return numberText(item)
  if (typeof item === 'bigint') return numberText(Number(item))
  if (typeof item === 'string') return `text ${item}`
  if (typeof item === 'boolean') return `boolean ${item}`
  return `element ${canonical(item)}`
}

/** JSON with sorted keys. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

/** The same expression with each operation in parentheses, as HL7's grammar binds some operators otherwise. */
export function grouped(expression: Expression): string {
  switch (expression.op) {
    case 'member':
      return after(expression.input, print({ ...expression, input: undefined }))
    case 'call': {
      const args = expression.args.map((argument) =>
        argument.op === 'literal' && argument.kind === 'type' ? argument.text : grouped(argument),
      )
      return after(expression.input, `${expression.name}(${args.join(', ')})`)
    }
    case 'at':
      return `(${grouped(expression.input)})[${grouped(expression.position)}]`
    case 'binary':
      return `((${grouped(expression.left)}) ${expression.operator} (${grouped(expression.right)}))`
    case 'type':
      return `((${grouped(expression.input)}) ${expression.operator} ${expression.type})`
    case 'sign':
      return `(${expression.negative ? '-' : '+'}(${grouped(expression.input)}))`
    default:
      return print(expression)
  }
}

const after = (input: Expression | undefined, step: string): string =>
  input === undefined ? step : `(${grouped(input)}).${step}`
