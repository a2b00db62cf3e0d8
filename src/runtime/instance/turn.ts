// Whose turn it is: two words in a file that an instance and this server share (descriptor 4 of the instance),
// so that an event which was sent ahead can be taken back as long as it has not begun, even from a handler
// that blocks its thread, and so that after a death it is known which events may have run.
//
// Word 0 is the instance's: before an event that may be taken back it writes that event's turn, then reads word 1;
// an event whose turn is revoked it leaves out, and says so in a frame. Word 1 is this server's: it writes the last turn
// that it takes back, then reads word 0, and has all above that again; of those at or below it the frames tell.
// Each side writes before it reads. Every write to a file holds the inode's lock alone, so one of the two writes comes
// second, and the read that follows it sees the first: no event is run twice, on any processor. Both may see each other:
// that event is the instance's until its frame has come, so none is lost either.

import { readSync, writeSync } from 'node:fs';

const REVOKED_AT = 8;
const word = Buffer.alloc(4);

/** Takes back all turns up to `last` that have not begun; those up to the answer may have: all when it cannot be told. */
export function revoke(fd: number, last: number): number {
  word.writeUInt32LE(last, 0);
  return attempted(() => writeSync(fd, word, 0, 4, REVOKED_AT)) < 4 ? Number.POSITIVE_INFINITY : begun(fd);
}

/** The last turn that began, of those that could be taken back; 0 before the first. */
export function begun(fd: number): number {
  return attempted(() => readSync(fd, word, 0, 4, 0)) < 4 ? Number.POSITIVE_INFINITY : word.readUInt32LE(0);
}

/** A function can cut its file short on a full disk, or set flags (O_DIRECT) with which small reads and writes fail. */
function attempted(use: () => number): number {
  try {
    return use();
  } catch {
    return -1;
  }
}
