/** What a misspelt name was meant to be. */

/** The one of `names` with the same letters, whatever their case and hyphens, or else that with the fewest letters wrong. */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  const letters = lettersOf(name);
  // One wrong letter in three, two at most, may still be a slip; more is another word.
  let limit = Math.min(2, Math.floor(letters.length / 3));
  let nearest: string | undefined;
  for (const candidate of names) {
    const others = lettersOf(candidate);
    if (others === letters) return candidate;
    // A name may be as long as a command line allows.
    if (Math.abs(others.length - letters.length) > limit) continue;
    const distance = editDistance(letters, others);
    if (distance > limit) continue;
    nearest = candidate;
    limit = distance - 1;
  }
  return nearest;
}

/** ` (did you mean NAME?)`, or nothing. */
export function suggestion(name: string, names: Iterable<string>): string {
  const meant = nearestName(name, names);
  return meant === undefined ? '' : ` (did you mean ${meant}?)`;
}

function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[-_]|=$/g, '');
}

/** Letters to insert, remove, replace or swap with the next (Damerau and Levenshtein, optimal string alignment). */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const next = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (last[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const swapped =
        from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
          ? (beforeLast[column - 2] ?? 0) + 1
          : replaced;
      next.push(Math.min(replaced, swapped, (last[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    [beforeLast, last] = [last, next];
  }
  return last[to.length] ?? 0;
}
