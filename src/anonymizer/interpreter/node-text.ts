import { numberText } from '../../fhir/decimal.js'
import { trimText } from '../../fhir/text.js'
import type { TreeNode } from '../../fhir/tree.js'
import { stringText } from '../../json/scanner.js'
import { leafValue, string, type Value } from '../../rules/evaluate/value.js'

/** Returns the text of a primitive's source value (law 2.5); undefined if it has none. */
export function sourceText(node: TreeNode, source: Buffer): string | undefined {
  if (node.kind === 'string') return trimText(stringText(source, node.start, node.end))
  if (node.kind === 'number') return numberText(source.toString('latin1', node.start, node.end))
  if (node.kind === 'boolean') return source[node.start] === 0x74 ? 'True' : 'False'
  return undefined
}

/** Returns a primitive's text after the rules so far; undefined if it has no value. */
export function currentText(node: TreeNode, source: Buffer): string | undefined {
  if (node.replaced === undefined) return sourceText(node, source)
  if (node.replaced === null) return undefined
  return node.replaced.startsWith('"') ? (JSON.parse(node.replaced) as string) : node.replaced
}

/** Returns a primitive's current value for FHIRPath; a string if its text is not valid for its type. */
export function currentValue(node: TreeNode, source: Buffer): Value | undefined {
  if (node.type.jsonKind === 'object') return undefined
  const text = currentText(node, source)
  if (text === undefined) return undefined
  return leafValue(node.type.name, text) ?? string(text)
}
