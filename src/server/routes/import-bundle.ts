import { isUtf8 } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { isRecord } from '../../json/record.js'
import type { Inbox } from '../../storage/inbox.js'
import { isItemName } from '../../storage/names.js'
import type { WritingGuard } from '../auth/guard.js'
import { type HttpAnswer, type HttpRequest, jsonAnswer, type Route } from '../http/http-message.js'
import { badRequest } from '../refusal.js'
import type { ServerEvent } from '../server-event.js'

export interface ImportRouteParts {
  /** Path of the FHIR routes; the route is below it and below the root of the server. */
  readonly path: string
  readonly guard: WritingGuard
  /** Where Bundles are put for a load that watches the place. */
  readonly inbox: Inbox
  readonly onEvent: (event: ServerEvent) => void
}

const MAX_BUNDLE_BYTES = 64 * 2 ** 20
const MAX_NAME_LENGTH = 100

/** `POST /importbundle` of Microsoft's loader: takes a Bundle and puts it where a load finds it. */
export const importRoutes = ({ path, guard, inbox, onEvent }: ImportRouteParts): Route[] =>
  [...new Set(['', path])].map((at) => ({
    method: 'POST',
    path: `${at}/importbundle`,
    name: 'importbundle',
    maxBodyBytes: MAX_BUNDLE_BYTES,
    admit: async (request) => void (await guard(request)),
    async handle(request) {
      const { client } = await guard(request)
      const text = bundleOf(request)
      const filename = nameOf(request.query.get('bundlename'))
      await inbox.put(filename, text)
      onEvent({ event: 'bundle.received', level: 'info', client, item: filename })
      return accepted(filename)
    },
  }))

const accepted = (filename: string): HttpAnswer => jsonAnswer(202, { filename })

/** Throws Refusal 400 for anything but a Bundle. */
function bundleOf({ body }: HttpRequest): string {
  // Other bytes would be stored as U+FFFD.
  if (body !== undefined && !isUtf8(body)) throw badRequest('The body must be UTF-8.')
  const text = body?.toString('utf8') ?? ''
  const bundle = parsed(text)
  if (!isRecord(bundle)) throw badRequest('The body must be a Bundle in JSON.')
  if (bundle.resourceType !== 'Bundle') throw badRequest('The body must be a Bundle.', 'value')
  return text
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The name of the file: that of the client with an ending, or one of its own. Throws Refusal 400. */
function nameOf(given: string | null): string {
  if (given === null || given === '') return `bundle${randomBytes(16).toString('hex')}.json`
  const name = /\.json$/i.test(given) ? given : `${given}.json`
  if (name.length > MAX_NAME_LENGTH || !/^[\w][\w .-]*$/.test(name) || !isItemName(name))
    throw badRequest(
      'bundlename must consist of at most 100 letters, digits, spaces, and the characters . _ -',
      'value',
    )
  return name
}
