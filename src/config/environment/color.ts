/** Whether text for this stream is coloured: it is a terminal, and `NO_COLOR` is not set (no-color.org). */
export const isColorWanted = (stream: object): boolean =>
  'isTTY' in stream && stream.isTTY === true && (process.env.NO_COLOR ?? '') === ''
