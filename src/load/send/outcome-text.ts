import { objectsIn } from '../../http/body.js'
import { isRecord } from '../../json/record.js'

const MAX_LENGTH = 4000

/** What an OperationOutcome says, for the person who mends the data; undefined for anything else. May name patients. */
export function outcomeText(resource: unknown): string | undefined {
  if (!isRecord(resource) || resource.resourceType !== 'OperationOutcome') return undefined
  const issues = objectsIn(resource.issue).map(
    ({ severity, code, details, diagnostics, expression, location }) => {
      const place = [expression, location].find(Array.isArray)?.join(', ')
      const texts = [isRecord(details) ? details.text : undefined, diagnostics, place]
      return [`${severity ?? '?'}/${code ?? '?'}`, ...texts.filter(isText)].join(': ')
    },
  )
  return limited(issues.join('; '))
}

/** What an answer that is not FHIR says, unless it is a page. */
export const plainText = (text: string): string | undefined =>
  /^\s*</.test(text) ? undefined : limited(text.trim())

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

const limited = (text: string): string | undefined => (text === '' ? undefined : text.slice(0, MAX_LENGTH))
