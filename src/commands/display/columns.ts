/** A text of exactly this width: filled up, or cut with an ellipsis. */
export const cell = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width)

/** The width of a stream in columns; `fallback` where it is no terminal. */
export const widthOf = (stream: object, fallback: number): number =>
  'columns' in stream && typeof stream.columns === 'number' ? stream.columns : fallback
