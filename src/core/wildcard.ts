// Patterns of policies and lists of names.

/** `*` stands for any run of characters and, with `one`, `?` for any single one. Time grows with the lengths' product at most. */
export function isLike(text: string, pattern: string, one = false): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    const sign = pattern[next];
    if (sign === '*') {
      star = next++;
      resume = at;
    } else if (sign !== undefined && (sign === text[at] || (one && sign === '?'))) {
      at++;
      next++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[next] === '*') next++;
  return next === pattern.length;
}

/** Whether anything that begins with this text is like the pattern. */
export function mayBecomeLike(beginning: string, pattern: string): boolean {
  const star = pattern.indexOf('*');
  const fixed = star < 0 ? pattern : pattern.slice(0, star);
  return fixed.startsWith(beginning) || (star >= 0 && beginning.startsWith(fixed));
}
