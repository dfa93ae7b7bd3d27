import { isRecord } from '../../src/json/record.js'
import { type Answer, jsonAnswer } from './answer.js'
import { exactText, parseExact } from './exact-json.js'
import type { Act } from './faults.js'
import { operationOutcome } from './refusal.js'

/** Whether a fault takes the place of the server's own work, unless it says that the work is done nevertheless. */
export function isInstead(act: Act): boolean {
  if (act.kind === 'reset') return act.at === 'before'
  return (act.kind === 'answer' || act.kind === 'outcome' || act.kind === 'hang') && act.acted !== true
}

/** The answer that faults make of the server's own, which is absent where they took its place. */
export function faultyAnswer(own: Answer | undefined, acts: readonly Act[]): Answer | undefined {
  let answer = own
  for (const act of acts) answer = changedAnswer(answer, act)
  return answer
}

function changedAnswer(answer: Answer | undefined, act: Act): Answer | undefined {
  switch (act.kind) {
    case 'answer':
      return { status: act.status, headers: act.headers ?? {}, body: act.body ?? '' }
    case 'outcome':
      return jsonAnswer(act.status, operationOutcome('processing', act.diagnostics), act.headers)
    case 'cut-json':
      return answer && { ...answer, body: answer.body?.slice(0, Math.floor(answer.body.length / 2)) ?? '' }
    case 'entries':
    case 'next':
    case 'empty-page':
      return answer && changedBundle(answer, act)
    default:
      return answer
  }
}

type BundleAct = Extract<Act, { kind: 'entries' | 'next' | 'empty-page' }>

function changedBundle(answer: Answer, act: BundleAct): Answer {
  const bundle: unknown = parseExact(answer.body ?? 'null')
  if (!isRecord(bundle) || bundle.resourceType !== 'Bundle') return answer
  return { ...answer, body: exactText({ ...bundle, ...changes(bundle, act) }) }
}

function changes({ entry, link }: Record<string, unknown>, act: BundleAct): object {
  if (act.kind === 'entries') return { entry: changedEntries((entry ?? []) as object[], act.change) }
  if (act.kind === 'next') return { link: changedLinks((link ?? []) as Link[], act.to) }
  return { entry: [], link: linksOfEmpty((link ?? []) as Link[]) }
}

/** What the page would have held comes with the next one. */
function linksOfEmpty(links: readonly Link[]): readonly Link[] {
  const self = new URL(selfOf(links))
  self.searchParams.append('_again', '1')
  return [...links.filter(({ relation }) => relation !== 'next'), { relation: 'next', url: self.href }]
}

const selfOf = (links: readonly Link[]): string =>
  links.find(({ relation }) => relation === 'self')?.url ?? 'http://127.0.0.1'

function changedEntries(
  entries: readonly object[],
  change: Extract<Act, { kind: 'entries' }>['change'],
): readonly object[] {
  const response = (without: string) =>
    entries.map((entry) => {
      const own = 'response' in entry && isRecord(entry.response) ? entry.response : {}
      return { response: Object.fromEntries(Object.entries(own).filter(([key]) => key !== without)) }
    })
  switch (change) {
    case 'one-less':
      return entries.slice(0, -1)
    case 'one-more':
      return [...entries, ...entries.slice(0, 1)]
    case 'none':
      return []
    case 'swapped':
      return [...entries].reverse()
    case 'no-response':
      return entries.map(() => ({}))
    case 'no-status':
      return response('status')
    case 'no-location':
      return response('location')
  }
}

interface Link {
  readonly relation: string
  readonly url: string
}

function changedLinks(links: readonly Link[], to: Extract<Act, { kind: 'next' }>['to']): readonly Link[] {
  const self = selfOf(links)
  const next = links.find(({ relation }) => relation === 'next')?.url
  const others = links.filter(({ relation }) => relation !== 'next')
  if (to === 'absent') return others
  const whole = new URL(next ?? self)
  const url = {
    same: self,
    first: self.replace(/[?&]ct=[^&]*/, ''),
    foreign: `${whole.protocol}//elsewhere.invalid${whole.pathname}${whole.search}`,
    'other-scheme': whole.href.replace(/^https?/, whole.protocol === 'https:' ? 'http' : 'https'),
    relative: `${whole.pathname.split('/').at(-1)}${whole.search}`,
    garbage: 'http://[',
  }[to]
  return next === undefined && to !== 'same' && to !== 'first'
    ? links
    : [...others, { relation: 'next', url }]
}
