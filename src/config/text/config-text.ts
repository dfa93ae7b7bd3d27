import { readTolerantJson, type TolerantJson, TolerantJsonError } from './tolerant-json.js'
import { readYaml } from './yaml-text.js'

/** A syntax error of a configuration's text, with its place for people: `line 3, column 7`. */
export interface TextFault {
  readonly place: string
  readonly message: string
}

/** Whether a file of this name is read as YAML: `.yaml` or `.yml`, also before a query. Everything else is JSON. */
export const isYamlName = (name: string): boolean => /\.ya?ml$/i.test(name.replace(/[?#].*$/s, ''))

/** The text of a configuration as its name says: YAML or tolerant JSON. */
export function readConfigText(text: string, name: string): TolerantJson | TextFault {
  const isYaml = isYamlName(name)
  try {
    return isYaml ? readYaml(text) : readTolerantJson(text)
  } catch (error) {
    if (!(error instanceof TolerantJsonError)) throw error
    const place = `line ${error.line}, column ${error.column}`
    const hint = isYaml || !looksLikeYaml(text) ? '' : '; a YAML file needs a name that ends in .yaml or .yml'
    return { place, message: `is not valid ${isYaml ? 'YAML' : 'JSON'}: ${error.message}${hint}` }
  }
}

export const isTextFault = (result: TolerantJson | TextFault): result is TextFault => 'place' in result

const looksLikeYaml = (text: string): boolean => /^(?:---|[A-Za-z]\w*:)(?:\s|$)/m.test(text)
