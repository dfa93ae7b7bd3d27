const COMMENT = /^(?:\/\/|_|#|\$)|^(?:comments?|descriptions?|notes?|remarks?|reason|title)$/i

/** Whether a key that no setting has is a comment: what people write beside rules has no effect and no warning. */
export const isComment = (key: string): boolean => COMMENT.test(key)
