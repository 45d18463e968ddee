/** What is left out of a data set that is rewritten. */

const DATA_SET_TRAILING_PADDING = 0xfffcfffc;

/**
 * True for elements that a data set between two applications does without: command and file meta groups (PS3.7 6.3.1,
 * PS3.10 7.1), group lengths, which a change of encoding makes wrong (PS3.5 7.2), and padding (PS3.10 7.2).
 */
export function isDropped(tag: number): boolean {
  const group = tag >>> 16;
  return group === 0x0000 || group === 0x0002 || (tag & 0xffff) === 0 || tag === DATA_SET_TRAILING_PADDING;
}
