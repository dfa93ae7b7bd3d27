/** What a check finds, and what it means. */
export const PROBLEMS = {
  'no-report': 'does not exist, so there is no complete run here',
  'invalid-report': 'is not a report that an output can be checked against',
  missing: 'is in run.json but does not exist',
  extra: 'exists but is not in run.json',
  truncated: 'is shorter than run.json says',
  changed: 'is not what the run wrote',
  'no-digest':
    'has no SHA-256 in run.json: only its size is known; run it again with this version, or give --sizes-only',
  link: 'is a link, not a file',
  'not-a-file': 'is neither a file nor a folder',
} as const

export type ProblemCode = keyof typeof PROBLEMS

export interface CheckProblem {
  readonly code: ProblemCode
  /** The file, below the place that is checked. */
  readonly file: string
  readonly message: string
}

export const problem = (code: ProblemCode, file: string, message: string = PROBLEMS[code]): CheckProblem => ({
  code,
  file,
  message,
})
