import type { z } from 'zod'

import type { Problem } from '../../errors.js'
import type { FindingCode } from '../../rules/lint/findings/codes.js'

/** A problem of a configuration with the code under which `sluice lint` reports it; default `invalid-setting`. */
export interface ConfigProblem extends Problem {
  readonly code?: FindingCode
  /** The path, condition or value that does not parse. */
  readonly written?: string
}

/** Something that works, but perhaps not as its author expects. */
export interface Notice {
  readonly code: FindingCode
  readonly rule?: number
  readonly path: string
  readonly message: string
}

/** Zod's findings as problems. Zod's own texts name kinds, never values. */
export function issuesAsProblems(error: z.ZodError, prefix: string, rule?: number): ConfigProblem[] {
  return error.issues.map((issue) => {
    const steps = issue.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    const path = `${prefix}${steps.join('')}`.replace(/^\./, '')
    return { ...(rule === undefined ? {} : { rule }), path, message: issue.message }
  })
}
